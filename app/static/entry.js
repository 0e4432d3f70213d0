// Typing in paper questionnaires with the keyboard alone: a key chooses an option, Enter goes on, the last one stores.
// Without it the page is a plain form.
import { READ, every, find, holds } from "./rules.js";

const form = find("#paper"), rows = every("[data-item]", form), send = find(".primary", form), status = find("[data-say]");
const KEYS = "123456789abcdefghijklmnopqrstuvwxyz";
const READS = { rating: "one", single: "one", multiple: "many" }; // other kinds are read as what they are called
const BOXES = "input[type=radio], input[type=checkbox]";
const boxes = (row) => every(BOXES, row);

// Skip logic: what is not asked cannot be typed in, and looks so.
function follow() {
  const answers = {};
  for (const row of rows) {
    const shown = !row.dataset.rule || holds(JSON.parse(row.dataset.rule), answers);
    const value = shown ? READ[READS[row.dataset.kind] ?? row.dataset.kind](row) : null;
    row.classList.toggle("skipped", !shown);
    for (const input of every("input, textarea", row)) input.disabled = !shown;
    if (value !== null) answers[row.dataset.item] = value;
  }
}

// ------------------------------------------------------------ from question to question
const stops = () => every("[data-stop]", form).filter((stop) => !stop.matches(".skipped"));
function enter(stop) {
  const input = find(":checked:not(option)", stop) ?? find("input, textarea, select, button", stop);
  input.focus({ preventScroll: true });
  if (input.matches("input[type=text]")) input.select();
  stop.scrollIntoView({ block: "nearest" });
}
function go(from, by) {
  const order = stops(), next = order[order.indexOf(from.closest("[data-stop]")) + by];
  if (next) enter(next);
}

// ------------------------------------------------------------ one answer
function choose(row, key) {
  const box = boxes(row)[KEYS.indexOf(key)];
  if (key === "0") for (const one of boxes(row)) one.checked = false;
  else if (box) {
    box.checked = box.type === "radio" || !box.checked;
    box.focus();
    alone(box);
  } else status.textContent = `No answer ${key} here.`;
  row.classList.toggle("refused", key !== "0" && !box);
  follow();
}
function alone(box) { // “none of these” and another answer exclude each other
  if (box.type === "checkbox" && box.checked)
    for (const other of boxes(box.closest("[data-item]")))
      if ((other.value === "") !== (box.value === "")) other.checked = false;
}

// ------------------------------------------------------------ keys
const atEdge = ({ value, selectionStart, selectionEnd }, by) =>
  selectionStart === selectionEnd && selectionStart === (by < 0 ? 0 : value.length);
form.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.isComposing || event.altKey || event.metaKey || !target.closest("[data-stop]")) return;
  const by = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[key];
  if (by) {
    if (key === "Enter" && (target.matches("button") || event.shiftKey)) return;
    if (key !== "Enter" && (target.matches("select") || (target.matches("textarea") && !atEdge(target, by)))) return;
    event.preventDefault();
    if (event.ctrlKey) enter(send.closest("[data-stop]"));
    else if (!event.repeat || key !== "Enter") go(target, by);
  } else if (target.matches(BOXES) && !event.ctrlKey && (key === "Backspace" || key === "Delete" || /^[0-9a-z]$/i.test(key))) {
    event.preventDefault();
    choose(target.closest("[data-item]"), key.length > 1 ? "0" : key.toLowerCase());
  }
});
form.addEventListener("input", ({ target }) => {
  alone(target);
  follow();
});
form.addEventListener("focusin", ({ target }) => {
  for (const row of every(".refused", form)) if (!row.contains(target)) row.classList.remove("refused");
});

find("[data-keys]").hidden = false;
follow();
const first = find("[autofocus]", form);
if (first?.disabled) enter(stops()[0]);
