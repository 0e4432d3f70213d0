// The example client's two checks, fed one JSON command a line.
//   {"schema": {...}}    what answers are checked against from here on    -> true
//   {"answers": {...}}   -> [valid by JSON Schema, [faults by its rules, as pointers]]
import { createInterface } from "node:readline";
import { faults, shownAnswers, validates } from "../../examples/soundings-client.js";

let schema;
const answer = (command) => {
  if (command.schema) {
    schema = command.schema;
    return true;
  }
  if (command.shown) return shownAnswers(schema, command.shown);
  return [validates(schema, command.answers), faults(schema, command.answers).map((fault) => fault.pointer)];
};

let lines = [];
for await (const line of createInterface({ input: process.stdin })) {
  lines.push(JSON.stringify(answer(JSON.parse(line))));
  if (lines.length === 1000) process.stdout.write(lines.splice(0).join("\n") + "\n");
}
if (lines.length) process.stdout.write(lines.join("\n") + "\n");
