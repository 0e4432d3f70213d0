"""Small exports, written by hand as each tool writes them, for made-up people: what is read from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from app.services.spreadsheets import read_table
from app.survey.drafting import draft
from app.survey.instrument import parse
from app.survey.mapping import Reader, misfits

HERE = Path(__file__).parent / "simulated"
INSTRUMENT = parse(yaml.safe_load((HERE / "definition.yaml").read_text(encoding="utf-8")))
SCHOOLS = {key: key for key in ("erving", "leverett")}
FIRST = {
    "comm_informed": "agree", "comm_voice": "dont_know", "has_plan": "yes", "services": ["speech", "counseling"],
    "meetings": 3, "bus": True, "since": "2021-09-01",
}  # fmt: skip
SECOND = {"comm_informed": "strongly_agree", "has_plan": "no", "bus": False}
LANGUAGES = {"qualtrics": ["en", "es"], "limesurvey": ["en", "es"]}


@pytest.mark.parametrize("file", sorted(HERE.glob("*.csv")), ids=lambda path: path.name)
def test_a_simulated_export(file: Path) -> None:
    table = read_table(file.read_bytes())
    mapping, _ = draft(table, INSTRUMENT, SCHOOLS, guess=False)
    assert mapping.tool == file.name.split(".")[0].replace("-", "_")
    if mapping.tool == "surveymonkey":  # it writes dates as its users' settings say; a person has to know
        mapping = mapping.model_copy(update={"dates": "month-day-year"})
    assert [fault.detail for fault in misfits(mapping, table, INSTRUMENT)] == []
    rows = [row for row in Reader(mapping, INSTRUMENT, SCHOOLS).rows(table) if row.passed_over is None]
    assert [row.faults for row in rows] == [[], []]
    thanks = rows[0].answers.pop("anything")
    assert thanks in ("Thanks, all good", "Gracias, todo bien")
    assert [row.answers for row in rows] == [FIRST, SECOND]
    assert [row.school for row in rows] == ["erving", "leverett"]
    assert [row.locale for row in rows] == LANGUAGES.get(mapping.tool, [None, None])


def test_every_tool_has_one() -> None:
    tools = {path.name.split(".")[0] for path in HERE.glob("*.csv")}
    assert tools == {"google-forms", "surveymonkey", "qualtrics", "limesurvey"}
