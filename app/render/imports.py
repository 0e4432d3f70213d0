"""Reports of imports as lines of text, and a drafted mapping as YAML for a person to edit. Pure: documents in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

HEAD = """\
# A mapping for an import. Read it through, correct it, and give it back with --mapping.
# columns: what each column of the file is.
#   item: key             an answer to this item of the instrument; with `option: value`, one tick of a multiple choice
#   use: school           the school, by key or name, or as `schools` says below
#   use: language         the language that the person answered in
#   use: access_code      the code of a group that answers with codes
#   use: drop             not kept (use: status is not kept either; rows that the tool calls a preview are passed over)
#   A column with neither is undecided: nothing is imported before it has one.
# values: words or codes of the file that the instrument does not have, by item: {comm_informed: {"A1": agree}}
# schools: names of the file that are no names here: {"Erving Elem.": erving}
# blank: words that mean that a question was not answered
# dates: year-month-day, month-day-year or day-month-year
"""


def mapping_yaml(mapping: dict[str, Any], guesses: Sequence[dict[str, Any]]) -> str:
    """Write a mapping as YAML, one column a line, guesses marked."""
    notes: dict[str, list[str]] = {}
    for guess in guesses:
        notes.setdefault(guess["column"], []).append(guess["text"])
    lines = [HEAD, f"tool: {mapping['tool']}", f"header_rows: {mapping['header_rows']}", "columns:"]
    for rule in mapping["columns"]:
        marks = [] if {"item", "use"} & rule.keys() else ["undecided"]
        marks += [f"GUESS, check it: {text}" for text in notes.get(rule["column"], ())]
        lines.append(f"- {_flow(rule)}" + (f"  # {'; '.join(marks)}" if marks else ""))
    for name in ("values", "schools"):
        said = mapping.get(name, {})
        lines.append(f"{name}:" if said else f"{name}: {{}}")
        for key, words in said.items():
            lines.append(f"  {_flow(key)}: {_flow(words)}")
    lines += [f"blank: {_flow(mapping['blank'])}", f"dates: {mapping['dates']}"]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    """Write a value on one line; what YAML would read as something else than a text is quoted."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    return text.removesuffix("...\n").strip()


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """Say what became of a file: the faults by cell, then the counts."""
    for column in report["dropped"]:
        yield f"column {column['column']}: not kept: {_line(column['heading'])}"
    for row in report["rows"]:
        if row["status"] not in ("accepted", "replayed"):
            yield f"row {row['row']}: {WORDS[row['status']]}"
        for fault in row.get("faults", ()):
            where = f"{fault['column']}{row['row']}" if fault.get("column") else f"row {row['row']}"
            given = f" It says “{_line(fault['given'])}”." if fault.get("given") else ""
            yield f"  {where}: {fault['detail']}{given}"
    counts = report["counts"]
    would = "" if report["applied"] else "would be "
    yield f"tool: {report['tool']}; instrument: {report['instrument']}"
    yield (
        f"{would}accepted {counts['accepted']}, stored before {counts['replayed']}, rejected {counts['rejected']}, "
        f"withdrawn {counts['withdrawn']}, empty {counts['empty']}, preview {counts['preview']}"
    )
    if report["applied"]:
        yield "applied"
    elif counts["rejected"]:
        yield "nothing was stored: correct the rows above, or import the sound ones with --apply --partial"
    else:
        yield "nothing was stored: this was a dry run; add --apply"


WORDS = {
    "rejected": "rejected",
    "withdrawn": "taken back by its sender, not stored again",
    "empty": "empty, passed over",
    "preview": "a preview, passed over",
}


def _line(text: str) -> str:
    return " ".join(text.split())
