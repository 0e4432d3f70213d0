"""Reports over HTTP: for whom they are and of what, that they change with comments alone, and as files of a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from app import cli_report
from app.render.file import File
from app.services import reports
from app.services.releases import Shelf
from tests import factories
from tests.factories import en, options, rating
from tests.render.reporting import Page
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem

SCALE = factories.AGREE
PLAN: dict[str, Any] = {
    "key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("A plan?"), "attribute": True,
}  # fmt: skip
WHY = {"key": "why", "kind": "text", "text": en("Why is that?")}
OUTCOME = {**rating("overall"), "outcome": True, "construct": None}
PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 16, "leverett": 15, "shutesbury": 14, "swift-river": 15},
    "staff": {"erving": 12, "leverett": 11, "shutesbury": 4, "swift-river": 9},
    "liaison": {"erving": 1, "leverett": 1},
}
BANDED = {"mode": "confidential", "minimum": 10, "public": "banded"}
PROMISE = {"family": BANDED, "staff": BANDED, "liaison": {"mode": "attributed"}}


def definitions() -> list[dict[str, Any]]:
    asked = [rating("informed"), rating("heard", reverse=True), OUTCOME, PLAN, WHY]
    return [factories.definition(group, asked, key=f"{group}-report") for group in PEOPLE]


def closed(api: Api, step: int = 0, **more: Any) -> str:
    """A closed wave; `step` moves all answers."""
    wave = api.wave(*definitions(), promise=PROMISE, **more)
    counts = [{"group": g, "school": s, "eligible": 2 * n} for g, at in PEOPLE.items() for s, n in at.items()]
    counts += [{"group": "liaison", "school": s, "eligible": 1} for s in ("shutesbury", "swift-river")]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "list", "counts": counts}))
    bodies = [
        factories.response(group, school, {
            "informed": SCALE[min(4, i % 3 + step)], "heard": SCALE[i % 4], "overall": SCALE[1 + i % 4],
            "plan": "yes" if i % 2 else "no", "why": f"{group} reason {i} <b>of mine</b>",
        })
        for group, at in PEOPLE.items() for school, n in at.items() for i in range(n)
    ]  # fmt: skip
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


@pytest.fixture(scope="module")
def waves(api: Api) -> tuple[str, str]:
    """Two released waves, the later of which is the wave of the tests."""
    earlier = closed(api, opens_at=factories.iso(days=-300))
    later = closed(api, step=2)
    for wave in (earlier, later):
        must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return earlier, later


@pytest.fixture(scope="module")
def released(waves: tuple[str, str]) -> str:
    return waves[1]


@pytest.fixture(scope="module")
def second(api: Api) -> Iterator[Api]:
    """Another process on the same database."""
    other = Api(api.settings)
    yield other
    other.stop()


def get(client: httpx.Client, wave: str, **asked: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/report", params=asked)


def read(client: httpx.Client, wave: str, **asked: Any) -> str:
    reply = get(client, wave, **asked)
    assert reply.status_code == 200, reply.text[:500]
    return " ".join("".join(Page(reply.text).text).split())


# ------------------------------------------------------------------ forms
def test_html(api: Api, released: str) -> None:
    reply = get(api.client("director"), released)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["content-disposition"] == f'inline; filename="{released}-report.html"'
    assert reply.headers["cache-control"] == "private, no-cache"


def test_pdf_and_workbook(api: Api, released: str) -> None:
    director = api.client("director")
    pdf = get(director, released, format="pdf", school="erving")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"] == f'inline; filename="{released}-erving-report.pdf"'
    assert pdf.content.startswith(b"%PDF-")
    book = get(director, released, format="xlsx")
    assert "spreadsheetml" in book.headers["content-type"]
    assert book.content.startswith(b"PK")
    cells = {
        (sheet.title, str(cell).lower()) for sheet in load_workbook(BytesIO(book.content))
        for row in sheet.iter_rows(values_only=True) for cell in row
    }  # fmt: skip
    assert {name for name, cell in cells if "famil" in cell} > {"Items", "Participation"}
    named = {name for name, cell in cells if "liaison" in cell}
    assert named <= {"Method"}, "figures were promised to the director alone, and a report is handed on"
    assert get(director, released, format="xlsx", group="liaison").status_code == 200


def test_the_form_may_be_said_by_accept(api: Api, released: str) -> None:
    address, director = f"/v1/waves/{released}/report", api.client("director")
    pdf = director.get(address, headers={"Accept": "application/pdf"})
    assert pdf.content == get(director, released, format="pdf").content
    browser = director.get(address, headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
    assert browser.content == get(director, released).content
    problem(director.get(address, headers={"Accept": "image/png"}), 406, "not-acceptable")
    assert faults(get(director, released, format="docx")) == {("format", "literal_error")}
    assert faults(get(director, released, construct="x")) == {("construct", "unknown_parameter")}


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_etags_are_those_of_the_bytes_and_the_same_in_every_process(
    api: Api, second: Api, released: str, form: str
) -> None:
    first = get(api.client("director"), released, format=form)
    again = get(second.client("director"), released, format=form)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    known = {"If-None-Match": first.headers["etag"]}
    address = f"/v1/waves/{released}/report?format={form}"
    assert api.client("director").get(address, headers=known).status_code == 304
    assert get(api.client("director"), released, format=form, school="erving").headers["etag"] != first.headers["etag"]


# ------------------------------------------------------------------ for whom
def test_a_director(api: Api, released: str, waves: tuple[str, str]) -> None:
    text = read(api.client("director"), released)
    for heading in ("Who answered", "What matters most", "Groups side by side", "Change since earlier surveys",
                    "Question by question", "Method and privacy"):  # fmt: skip
        assert heading in text
    assert "Families: 60 of 120 (50 in 100) answered." in text
    gaps = must(api.client("director").get(f"/v1/waves/{released}/gaps?a=family&b=staff"))
    assert all(row["reading"] in text for row in gaps["constructs"] if row["reading"])
    trend = must(api.client("director").get("/v1/trends", params={"wave": waves, "group": "family"}))
    assert all(
        cell["reading"] in text
        for entry in trend["constructs"] for cell in entry["cells"] if cell["school"] is None and "schools" not in cell
    )  # fmt: skip
    assert any(cell["verdict"] == "up" for entry in trend["constructs"] for cell in entry["cells"])


def test_words_that_are_the_directors_alone_are_not_handed_on(api: Api, released: str) -> None:
    director = api.client("director")
    text = read(director, released)
    assert "Liaisons were promised that the director alone sees their answers." in text
    assert "Liaisons, on" not in text
    assert "Liaisons:" not in text
    asked = read(director, released, group="liaison")
    assert "For the director alone" in asked
    assert "Liaisons, on “Communication”" in asked
    assert "For the director alone" not in text


def test_a_wave_of_nothing_else_is_for_the_director_alone(api: Api) -> None:
    (alone,) = [one for one in definitions() if one["group"] == "liaison"]
    wave = api.wave(alone, promise={"liaison": {"mode": "attributed"}})
    must(
        api.admin.post(
            f"/v1/waves/{wave}/responses", json=factories.response("liaison", "erving", {"informed": "agree"})
        )
    )
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    assert "For the director alone" in read(api.client("director"), wave)


def test_principals_and_the_public_get_bands(api: Api, released: str) -> None:
    principal = read(api.client("principal", schools=["erving"]), released)
    assert "Families of Erving: 16 of 32 answered." in " ".join(principal.replace("(50 in 100) ", "").split())
    assert "Leverett" not in principal
    public = read(api.client("reporter", audience="public"), released)
    for text in (principal, public):
        assert "What matters most" not in text
        assert "95% interval" not in text
        assert "In their own words" not in text
        assert "are favorable" in text
    assert "Who answered" not in public
    problem(get(api.client("principal", schools=["erving"]), released, school="leverett"), 404, "not-found")
    problem(get(api.client("principal", schools=["erving"]), released, group="liaison"), 403, "audience-not-served")
    problem(get(api.client("collector"), released), 403, "forbidden")
    assert get(api.anonymous, released).status_code == 401


def test_a_key_with_limits(api: Api, released: str) -> None:
    staff = read(api.client("reporter", audience="director", groups=["staff"]), released)
    assert "Families" not in staff.replace("What people", "")
    problem(get(api.client("reporter", waves=["another"]), released), 404, "not-found")
    problem(get(api.client("reporter", groups=["staff"]), released, group="family"), 404, "not-found")


def test_what_is_not_there(api: Api, released: str) -> None:
    director = api.client("director")
    problem(get(director, "no-such-wave"), 404, "not-found")
    problem(get(director, released, school="nowhere"), 404, "not-found")
    problem(get(director, released, group="nobody"), 404, "not-found")
    problem(get(director, released, release=2), 404, "not-found")
    assert get(director, released, release=1).content == get(director, released).content
    problem(get(director, api.wave(*definitions(), promise=PROMISE)), 409, "results-not-released")


def test_a_simulated_wave_says_so_and_is_compared_with_simulated_ones_alone(api: Api, released: str) -> None:
    wave = closed(api, simulated=True)
    text = read(api.client("director"), wave)
    assert "Simulated answers: no person gave them." in text
    assert "Change since earlier surveys" not in text
    assert "Simulated" not in read(api.client("director"), released)


def test_an_earlier_wave_is_not_released_by_being_compared(api: Api) -> None:
    earlier = closed(api, opens_at=factories.iso(days=-400), simulated=True)
    read(api.client("director"), closed(api, simulated=True))
    assert must(api.client("director").get(f"/v1/waves/{earlier}/releases"))["items"] == []


def test_a_union_is_compared_with_waves_of_the_same_schools_however_many_others_came_between(api: Api) -> None:
    """And a school with all waves that hold it."""

    def made(days: int, title: str, *schools: str, step: int = 0) -> str:
        wave = api.wave(
            definitions()[1], promise={"staff": BANDED}, title=title, opens_at=factories.iso(days=-days),
            simulated=True, schools=list(schools),
        )  # fmt: skip
        bodies = [
            factories.response("staff", school, {"informed": SCALE[min(4, i % 3 + step)], "heard": SCALE[i % 4]})
            for school in schools for i in range(12)
        ]  # fmt: skip
        assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
        must(api.admin.post(f"/v1/waves/{wave}/close"))
        must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
        return wave

    made(500, "First of both", "erving", "leverett")
    for days in (450, 440, 430):
        made(days, f"Erving alone {days}", "erving")
    wave = made(400, "Second of both", "leverett", "erving", step=2)
    union = read(api.client("director"), wave)
    assert "“First of both”" in union
    assert "Erving alone" not in union
    assert "cannot be told" not in union
    school = read(api.client("director"), wave, school="erving")
    assert all(f"“Erving alone {days}”" in school for days in (450, 440, 430))


def test_a_key_of_one_school_gets_the_report_of_that_school(api: Api, released: str) -> None:
    limited = get(api.client("reporter", audience="director", schools=["erving"]), released)
    asked = get(api.client("director"), released, school="erving")
    assert limited.headers["content-disposition"] == asked.headers["content-disposition"]
    first = " ".join("".join(Page(limited.text).text).partition("Who answered")[2].split())
    assert "Families of Erving: 16 of 32 answered." in first
    assert "Families: 60" not in first


# ------------------------------------------------------------------ comments
def test_comments_change_the_report_and_its_etag(api: Api) -> None:
    wave, director = closed(api), api.client("director")
    before = get(director, wave)
    assert "In their own words" not in before.text
    listed = must(director.get(f"/v1/waves/{wave}/comments?group=staff"))["items"]
    comment = next(one for one in listed if one["text"].startswith("staff"))
    address = f"/v1/waves/{wave}/comments/{comment['id']}"
    assert get(director, wave).headers["etag"] == before.headers["etag"], "a comment nobody passed is in no report"
    must(director.patch(address, json={"status": "shown"}))
    after = get(director, wave)
    assert after.headers["etag"] != before.headers["etag"]
    assert comment["text"] in "".join(Page(after.text).text)
    assert "Why is that?" in after.text
    assert "<b>of mine" not in after.text
    must(director.patch(address, json={"status": "withheld"}))
    assert get(director, wave).content == before.content


# ------------------------------------------------------------------ files
def test_page_and_paper_share_their_charts(api: Api, released: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    outline = reports.outline
    monkeypatch.setattr(reports, "outline", lambda of: made.append(of) or outline(of))
    shelf = Shelf()
    about = reports.scope(api.database, shelf, cli_report.CLOCK, released)
    _, paper = (reports.drawn(api.database, shelf, about, form)[0].body for form in ("html", "pdf"))
    assert len(made) == 1
    assert reports.drawn(api.database, Shelf(), about, "pdf")[0].body == paper
    other = reports.scope(api.database, shelf, cli_report.CLOCK, released, school="erving")
    assert reports.drawn(api.database, shelf, other, "pdf")[0].body != paper


def test_a_folder_of_all_reports(api: Api, released: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def counting(*of: Any) -> tuple[File, str]:
        drawn.append(of[3])
        return File(b"content", "text/html", "x"), '"x"'

    monkeypatch.setattr(reports, "drawn", counting)
    monkeypatch.setattr(reports, "every", lambda _: iter([(released, None), (released, "erving"), ("gone", None)]))
    assert cli_report._write_all(api.database, tmp_path) == 1  # the last is no wave
    names = {path.name for path in (tmp_path / released).iterdir()}
    assert names == {f"{released}{school}-report.{form}" for school in ("", "-erving") for form in ("html", "pdf")}
    assert len(drawn) == 4
    cli_report._write_all(api.database, tmp_path)
    assert len(drawn) == 4, "what says the same is not drawn again"
    (tmp_path / released / f"{released}-report.pdf").write_bytes(b"touched")
    (tmp_path / released / f"{released}-erving-report.html").unlink()
    cli_report._write_all(api.database, tmp_path)
    assert sorted(drawn[4:]) == ["html", "pdf"]
    assert not [path for path in tmp_path.rglob(".*") if path.name != cli_report.LEDGER], "no draft is left behind"
    assert set(json.loads((tmp_path / cli_report.LEDGER).read_bytes())) == {f"{released}/{name}" for name in names}
    (tmp_path / cli_report.LEDGER).write_bytes(b"not json")
    cli_report._write_all(api.database, tmp_path)
    assert len(drawn) == 10


def test_which_waves_are_reported_on(api: Api, released: str) -> None:
    scheduled = api.wave(*definitions(), promise=PROMISE)
    found = list(reports.every(api.database))
    assert (released, None) in found
    assert (released, "swift-river") in found
    assert scheduled not in {wave for wave, _ in found}


def test_scheduled_reports_release_nothing_whose_roster_has_gaps(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = api.wave(*definitions(), promise=PROMISE)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    monkeypatch.setattr(reports, "every", lambda _: iter([(wave, None)]))
    assert cli_report._write_all(api.database, tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
    assert must(api.admin.get(f"/v1/waves/{wave}/releases"))["items"] == []


def test_reports_of_fresh_releases_are_drawn_ahead(api: Api) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    wave = closed(api)
    must(api.admin.post(f"/v1/waves/{wave}/releases"))
    shelf = Shelf()
    after = reports.prepare(api.database, shelf, before)
    drawn = {file.name: (file.body, etag) for file, etag in shelf.files.values()}
    for form in ("html", "pdf"):
        reply = api.client("director").get(f"/v1/waves/{wave}/report", params={"format": form})
        assert drawn[f"{wave}-report.{form}"] == (reply.content, reply.headers["etag"])
    idle = Shelf()
    assert reports.prepare(api.database, idle, after) >= after
    assert not idle.files
