"""Imports through the API and the command: dry run first, all or nothing, twice the same, faults by cell."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlmodel import select
from typer.testing import CliRunner

from app import cli
from app.models.tables import AuditEvent
from tests import factories
from tests.server import Api, must
from tests.services.sending import export, faults, problem
from tests.survey import exports

FAMILY = yaml.safe_load((Path(__file__).parents[2] / "app/survey/library/family.yaml").read_text(encoding="utf-8"))
SMALL = [["School", "informed", "heard", "ignored"], ["erving", "agree", "4", ""], ["Leverett", "Agree", "", "N/A"]]


def send(client: httpx.Client, wave: str, rows: Any, **more: Any) -> httpx.Response:
    content = rows if isinstance(rows, bytes) else exports.as_csv(rows)
    body = {"group": "family", "file": base64.b64encode(content).decode(), **more}
    return client.post(f"/v1/waves/{wave}/imports", json=body)


def imported(api: Api, wave: str, rows: Any, **more: Any) -> dict[str, Any]:
    report: dict[str, Any] = must(send(api.client("director"), wave, rows, **more), 200)
    return report


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {status: n for status, n in report["counts"].items() if n}


@pytest.fixture
def wave(api: Api) -> str:
    return api.wave(simulated=True)


# ------------------------------------------------------------------ the whole way
@pytest.mark.parametrize("tool", list(exports.TOOLS))
def test_what_people_answered_is_stored(api: Api, tool: str) -> None:
    wave = api.wave(FAMILY, simulated=True)
    some = exports.people(random.Random(tool), FAMILY, 25, ["erving", "leverett"])
    rows = exports.TOOLS[tool](FAMILY, some, "es")
    dry = imported(api, wave, exports.as_xlsx(_no_formulas(rows)))
    assert (dry["applied"], counts(dry)) == (False, {"accepted": len(some)})
    assert export(api.admin, wave) == {}
    done = imported(api, wave, rows, apply=True)
    assert (done["applied"], done["tool"], counts(done)) == (True, tool.split(",")[0], {"accepted": len(some)})
    stored = list(export(api.admin, wave).values())

    def told(answers: dict[str, Any], school: str | None) -> str:
        return json.dumps(
            [school, {k: sorted(v) if isinstance(v, list) else v for k, v in answers.items()}], sort_keys=True
        )

    assert sorted(told(r["answers"], r["school"]) for r in stored) == sorted(told(p.answers, p.school) for p in some)
    if tool.startswith(("qualtrics", "limesurvey")):
        assert sorted(r["locale"] for r in stored) == sorted(p.locale for p in some)
    again = imported(api, wave, rows, apply=True)
    assert counts(again) == {"replayed": len(some)}
    assert len(export(api.admin, wave)) == len(some)


def _no_formulas(rows: exports.Rows) -> exports.Rows:
    return [[cell.replace("=1+1", "two") for cell in row] for row in rows]


def test_nothing_of_people_and_times_is_kept(api: Api) -> None:
    wave = api.wave(FAMILY, simulated=True)
    some = exports.people(random.Random(1), FAMILY, 8, ["erving"])
    report = imported(api, wave, exports.qualtrics(FAMILY, some), apply=True)
    dropped = {column["heading"] for column in report["dropped"]}
    assert {"IP Address", "Recipient Email", "Recipient Last Name", "Start Date", "Response ID"} <= dropped
    raw = api.admin.get(f"/v1/waves/{wave}/responses").text
    for trace in ("192.0.2.7", "ana@example.org", "Ruiz", "R_0000", "14:05", "42.4"):
        assert trace not in raw
    assert {path for row in report["rows"] for path in row} == {"row", "status"}


# ------------------------------------------------------------------ faults by cell
def test_all_or_nothing_and_the_faults_by_cell(api: Api, wave: str) -> None:
    rows = [*SMALL, ["Atlantis", "agree", "Agreee", ""], ["", "6", "", ""], [], ["erving", "", "N/A", ""]]
    report = imported(api, wave, rows, apply=True)
    assert (report["applied"], counts(report)) == (False, {"accepted": 2, "rejected": 2, "empty": 2})
    assert export(api.admin, wave) == {}
    found = {row["row"]: row for row in report["rows"]}
    assert {number: row["status"] for number, row in found.items()} == {
        2: "accepted", 3: "accepted", 4: "rejected", 5: "rejected", 6: "empty", 7: "empty",
    }  # fmt: skip
    assert [(f["column"], f["code"], f.get("given")) for f in found[4]["faults"]] == [
        ("C", "unknown_option", "Agreee"), ("A", "unknown_school", "Atlantis"),
    ]  # fmt: skip
    assert [(f["column"], f["code"]) for f in found[5]["faults"]] == [("B", "unknown_option"), ("A", "required")]
    assert found[4]["faults"][0]["expected"] == [*factories.AGREE, "dont_know"]
    partly = imported(api, wave, rows, apply=True, partial=True)
    assert (partly["applied"], counts(partly)) == (True, {"accepted": 2, "rejected": 2, "empty": 2})
    assert sorted(r["school"] for r in export(api.admin, wave).values()) == ["erving", "leverett"]
    rows[3:5] = [["erving", "agree", "Agree", ""], ["erving", "5", "", ""]]
    mended = imported(api, wave, rows, apply=True)
    assert counts(mended) == {"accepted": 2, "replayed": 2, "empty": 2}
    assert len(export(api.admin, wave)) == 4


def test_skip_logic_and_required_items_are_the_servers(api: Api) -> None:
    wave = api.wave(factories.every_kind(), simulated=True)
    rows = [
        ["School", "informed", "has_plan", "why_not"],
        ["erving", "", "yes", "never"],
        ["erving", "agree", "no", "late"],
    ]
    report = imported(api, wave, rows)
    assert counts(report) == {"accepted": 1, "rejected": 1}
    assert [(f["column"], f["code"]) for f in report["rows"][0]["faults"]] == [("B", "required"), ("D", "not_shown")]


def test_formulas_are_not_computed(api: Api, wave: str) -> None:
    report = imported(api, wave, exports.as_xlsx([["informed"], ["=1+1"]]), school="erving")
    assert [(f["column"], f["code"]) for f in report["rows"][0]["faults"]] == [("A", "formula")]


# ------------------------------------------------------------------ twice, and others alike
def test_people_who_answer_alike_are_all_stored_once(api: Api, wave: str) -> None:
    alike = [["informed"], *[["agree"]] * 5]
    assert counts(imported(api, wave, alike, school="erving", apply=True)) == {"accepted": 5}
    assert counts(imported(api, wave, [*alike, ["agree"], ["disagree"]], school="erving", apply=True)) == {
        "accepted": 2, "replayed": 5,
    }  # fmt: skip
    assert counts(imported(api, wave, alike, school="leverett", apply=True)) == {"accepted": 5}
    assert counts(imported(api, wave, alike, school="erving", source="paper", apply=True)) == {"accepted": 5}
    assert counts(imported(api, wave, alike, school="erving", source="paper", apply=True)) == {"replayed": 5}
    assert len(export(api.admin, wave)) == 17


def test_the_order_of_rows_and_columns_does_not_matter(api: Api, wave: str) -> None:
    imported(api, wave, SMALL, apply=True)
    turned = [SMALL[0][::-1], *(row[::-1] for row in SMALL[:0:-1])]
    assert counts(imported(api, wave, turned, apply=True)) == {"replayed": 2}


def test_what_was_taken_back_is_not_stored_again(api: Api, wave: str) -> None:
    imported(api, wave, SMALL, apply=True)
    identity = sorted(export(api.admin, wave))[0]
    body = next(row for row in export(api.admin, wave).values() if row["id"] == identity)
    again = {k: body[k] for k in ("id", "group", "school", "answers")}
    receipt = must(api.admin.post(f"/v1/waves/{wave}/responses", json=again), 200)
    headers = {"Withdrawal-Code": receipt["withdrawal_code"]}
    must(api.admin.delete(f"/v1/waves/{wave}/responses/{identity}", headers=headers), 204)
    assert counts(imported(api, wave, SMALL, apply=True)) == {"replayed": 1, "withdrawn": 1}
    assert len(export(api.admin, wave)) == 1


def test_a_dry_run_tells_nobody_what_is_stored(api: Api, wave: str) -> None:
    """A file of all the answers that somebody may have given would else say which ones were given."""
    imported(api, wave, SMALL, apply=True)
    assert counts(imported(api, wave, SMALL)) == {"accepted": 2}


def test_ids_do_not_follow_from_the_answers_alone(api: Api, wave: str) -> None:
    """They are of version 5 and keyed, so that nobody can try out who answered what."""
    imported(api, wave, SMALL, apply=True)
    ids = set(export(api.admin, wave))
    assert all(identity[14] == "5" for identity in ids)
    elsewhere = api.wave(simulated=True)
    imported(api, elsewhere, SMALL, apply=True)
    assert ids.isdisjoint(export(api.admin, elsewhere))


# ------------------------------------------------------------------ mappings
def test_a_draft_is_corrected_and_used(api: Api, wave: str) -> None:
    rows = [["Informed??", "heard", "Shoe size"], ["A1", "very", "39"], ["A5", "agree", "40"]]
    refused = problem(send(api.client("director"), wave, rows, school="erving"), 422, "invalid-request")
    assert [fault["code"] for fault in refused["errors"]] == ["undecided_column"]
    body = {"group": "family", "file": base64.b64encode(exports.as_csv(rows)).decode()}
    draft = must(api.client("director").post(f"/v1/waves/{wave}/imports/draft", json=body), 200)
    assert {guess["column"] for guess in draft["guesses"]} == {"A"}
    mapping = draft["mapping"]
    assert [c.get("item", c.get("use")) for c in mapping["columns"]] == ["informed", "heard", None]
    mapping["columns"][2]["use"] = "drop"
    mapping["values"]["heard"] = {"Very": "strongly_agree"}
    report = imported(api, wave, rows, school="erving", mapping=mapping, apply=True)
    assert counts(report) == {"accepted": 2}
    stored = sorted(json.dumps(row["answers"]) for row in export(api.admin, wave).values())
    assert stored == sorted(
        json.dumps(a)
        for a in (
            {"informed": "strongly_disagree", "heard": "strongly_agree"},
            {"informed": "strongly_agree", "heard": "agree"},
        )
    )


def test_schools_by_column_by_request_or_not_at_all(api: Api, wave: str) -> None:
    sender = api.client("director")
    assert faults(send(sender, wave, SMALL, school="erving")) == {("/school", "school_twice")}
    nowhere = imported(api, wave, [["informed"], ["agree"]])
    assert [(f.get("column"), f["code"]) for f in nowhere["rows"][0]["faults"]] == [(None, "required")]
    mapping = imported(api, wave, SMALL)["mapping"] | {"schools": {"The old mill": "erving"}}
    report = imported(api, wave, [SMALL[0], ["the old mill", "agree", "", ""]], mapping=mapping, apply=True)
    assert counts(report) == {"accepted": 1}
    assert [row["school"] for row in export(api.admin, wave).values()] == ["erving"]


def test_a_group_that_answers_with_codes(api: Api) -> None:
    access = {"family": "code"}
    wave = api.wave(factories.definition("family"), simulated=True, access=access)
    counts_ = [{"group": "family", "school": "erving", "eligible": 9}]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "made up", "counts": counts_}))
    wanted = {"group": "family", "school": "erving", "count": 2}
    codes = must(api.admin.post(f"/v1/waves/{wave}/access-codes", json=wanted), 201)["codes"]
    rows = [
        ["School", "informed", "Access code"],
        ["erving", "agree", codes[0]],
        ["erving", "neutral", codes[1].lower()],
    ]
    missing = imported(api, wave, [row[:2] for row in rows], apply=True)
    assert (missing["applied"], counts(missing)) == (False, {"rejected": 2})
    wrong = imported(api, wave, [*rows[:2], ["erving", "disagree", "0000-0000-0000"]], apply=True)
    assert counts(wrong) == {"accepted": 1, "rejected": 1}
    assert [f["code"] for f in wrong["rows"][1]["faults"]] == ["code_invalid"]
    assert codes[0] not in json.dumps(wrong)
    assert counts(imported(api, wave, rows, apply=True)) == {"accepted": 1, "replayed": 1}
    assert len(export(api.admin, wave)) == 2


def test_an_import_is_audited(api: Api, wave: str) -> None:
    imported(api, wave, SMALL)
    imported(api, wave, SMALL, apply=True)
    with api.database.read() as session:
        noted = session.exec(select(AuditEvent).where(AuditEvent.subject == wave)).all()
    assert [event.action for event in noted].count("responses.import") == 1


# ------------------------------------------------------------------ what is refused
@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"group": "liaison"}, ("/group", "wrong_group")),
        ({"group": "nobody"}, ("/group", "literal_error")),
        ({"file": "no base 64 !"}, ("/file", "value_error")),
        ({"file": ""}, ("/file", "empty_file")),
        ({"mapping": {"columns": []}}, ("/mapping/columns", "too_short")),
        ({"more": 1}, ("/more", "unknown_field")),
        ({"apply": 1}, ("/apply", "bool_type")),
    ],
)
def test_what_is_no_import(api: Api, wave: str, more: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults(send(api.client("director"), wave, SMALL, **more))


def test_a_large_body_is_refused(api: Api, wave: str) -> None:
    problem(send(api.client("director"), wave, b"a" * (6 * 2**20)), 413, "body-too-large")
    problem(send(api.client("director"), wave, b"a" * (5 * 2**20 + 9)), 413, "body-too-large")


def test_into_a_closed_wave_nothing_is_stored(api: Api, wave: str) -> None:
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    for apply in (False, True):
        problem(send(api.client("director"), wave, SMALL, apply=apply), 409, "wave-not-open")
    problem(send(api.client("director"), "no-such-wave", SMALL), 404, "not-found")


def test_only_directors(api: Api, wave: str) -> None:
    for role in ("collector", "principal", "reporter"):
        problem(send(api.client(role), wave, SMALL), 403, "forbidden")


# ------------------------------------------------------------------ the command
@pytest.fixture
def run(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("SOUNDINGS_DATABASE_URL", str(api.settings.database_url))
    monkeypatch.setenv("SOUNDINGS_SECRET", str(api.settings.secret))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli.app, ["import", *arguments])


def test_the_command_while_the_server_runs(api: Api, wave: str, run: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(exports.as_csv(SMALL, "utf-16"))
    where = ("rows.csv", "--wave", wave, "--group", "family")
    dry = run(*where)
    assert (dry.exit_code, export(api.admin, wave)) == (0, {}), dry.output
    assert "would be accepted 2" in dry.output
    drafted = run(*where, "--draft-mapping")
    assert drafted.exit_code == 0
    (tmp_path / "mapping.yaml").write_text(drafted.output, encoding="utf-8")
    done = run(*where, "--mapping", "mapping.yaml", "--apply")
    assert done.exit_code == 0
    assert "accepted 2, stored before 0" in done.output
    assert counts(imported(api, wave, SMALL, apply=True)) == {"replayed": 2}  # the same ids as through the API
    assert len(export(api.admin, wave)) == 2


def test_the_command_says_the_cells(api: Api, wave: str, run: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(exports.as_csv([*SMALL, ["erving", "Agreee", "", ""]]))
    failed = run("rows.csv", "--wave", wave, "--group", "family", "--apply")
    assert failed.exit_code == 1
    assert "B4: This is none of the item's options, in no language. It says “Agreee”." in failed.output
    assert "nothing was stored" in failed.output
    assert export(api.admin, wave) == {}
    partly = run("rows.csv", "--wave", wave, "--group", "family", "--apply", "--partial")
    assert (partly.exit_code, len(export(api.admin, wave))) == (1, 2)
