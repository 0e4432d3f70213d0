// survey-core under Node, fed one JSON command a line: what a survey shows, and what its data is.
//   {"model": {...}}                the survey from here on              -> {"locale", "titles", "choices", "pages", "faults"}
//   {"run": "..."}                  a script of a front end, with `survey`, from here on -> {}
//   {"data": {...}}                 answers, as a page restores them     -> {"hidden": [keys], "data": {...}}
//   {"path": [[key, value], ...]}   answers one after the other; nobody can answer what is not shown, so that is passed
//                                   over                                 -> {"hidden", "data", "errors": [keys], "completed"}
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { Model } = createRequire(import.meta.url)("survey-core");
let survey, questions;

const keys = (some) => some.map((question) => question.getValueName());
const hidden = () => keys(questions.filter((question) => !question.isVisible));

const opened = (model) => {
  survey = new Model(model);
  questions = survey.getAllQuestions();
  const by = (some, what) => Object.fromEntries(some.map((question) => [question.getValueName(), what(question)]));
  return {
    locale: survey.getLocale(),
    title: survey.locTitle.textOrHtml,
    titles: by(questions, (question) => question.locTitle.textOrHtml),
    choices: by(questions.filter((q) => q.choices), (question) => question.choices.map((choice) => choice.text)),
    labels: by(questions.filter((q) => q.getType() === "boolean"), (q) => [q.locLabelTrue.textOrHtml, q.locLabelFalse.textOrHtml]),
    pages: survey.pages.map((page) => page.locTitle.textOrHtml),
    faults: (survey.jsonErrors ?? []).map((error) => error.message),
  };
};

const followed = (path) => {
  survey.clear(true, true);
  for (const [key, value] of path) {
    const question = survey.getQuestionByValueName(key);
    if (question.isVisible) question.value = value;
  }
  survey.validate(false, false);
  const errors = keys(questions.filter((question) => question.isVisible && question.hasErrors(false)));
  const before = { hidden: hidden(), data: survey.data, errors };
  survey.doComplete();
  return { ...before, completed: survey.data };
};

const answer = (command) => {
  if (command.model) return opened(command.model);
  if (command.run) return new Function("survey", command.run)(survey) ?? {};
  if (command.path) return followed(command.path);
  survey.data = command.data;
  return { hidden: hidden(), data: survey.data };
};

let lines = [];
for await (const line of createInterface({ input: process.stdin })) {
  lines.push(JSON.stringify(answer(JSON.parse(line))));
  if (lines.length === 500) process.stdout.write(lines.splice(0).join("\n") + "\n");
}
if (lines.length) process.stdout.write(lines.join("\n") + "\n");
