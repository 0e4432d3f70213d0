// What the fields of a question say, and which questions an answer brings up. Knows of no page.
export const find = (selector, within = document) => within.querySelector(selector);
export const every = (selector, within = document) => [...within.querySelectorAll(selector)];
export const typed = (node) => find("input, textarea", node).value;
export const ticked = (node) => every(":checked", node).map((box) => box.value);
function numeric(pattern) {
  return (node) => {
    const text = typed(node).trim().replace(",", ".");
    return text === "" ? null : pattern.test(text) ? Number(text) : text;
  };
}
export const READ = {
  one: (node) => ticked(node)[0] ?? null,
  boolean: (node) => ({ true: true, false: false })[ticked(node)[0]] ?? null,
  many: (node) => { const found = ticked(node); return found.length ? found.filter((value) => value !== "") : null; },
  integer: numeric(/^[+-]?\d{1,16}$/),
  number: numeric(/^[+-]?\d{1,16}(\.\d{0,400})?$/),
  date: (node) => (find("input", node).validity.badInput ? "?" : typed(node) || null),
  text: (node) => (typed(node).trim() ? typed(node) : null),
};

export function holds(rule, answers) {
  if (rule.all) return rule.all.every((part) => holds(part, answers));
  if (rule.any) return rule.any.some((part) => holds(part, answers));
  if (rule.not) return !holds(rule.not, answers);
  const answer = answers[rule.item] ?? null;
  if (answer === null) return false;
  return Array.isArray(answer) ? answer.some((value) => rule.in.includes(value)) : rule.in.includes(answer);
}
