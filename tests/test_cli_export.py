"""`soundings export`: the files of the API, written whole, and raw exports noted."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import extracts
from tests import factories
from tests.databases import settings_for
from tests.server import Api, must
from tests.services.sending import fill
from tests.test_cli import soundings, told


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A closed wave `w` of 14 families."""
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("export")))
    running.schools()
    reference = running.instrument(factories.definition())
    must(running.admin.put("/v1/waves/w", json=factories.wave({"family": reference})), 201)
    fill(running, "w", {"family": {"erving": 14}})
    must(running.admin.post("/v1/waves/w/close"))
    yield running
    running.stop()


def run(api: Api, tmp_path: Path, *args: str, status: int = 0) -> str:
    done = told(soundings("export", "w", *args, cwd=tmp_path, database_url=api.settings.database_url), status)
    return done.stderr


def noted(api: Api) -> list[str | None]:
    with api.database.engine.connect() as connection:
        sql = "SELECT key_id FROM audit_event WHERE action = 'responses.export'"
        return list(connection.exec_driver_sql(sql).scalars())


@pytest.mark.parametrize("name", ["w.csv", "w.xlsx", "w.parquet", "w.json"])
def test_files_are_those_of_the_api(api: Api, tmp_path: Path, name: str) -> None:
    run(api, tmp_path, "--out", name)
    reply = api.client("director").get("/v1/waves/w/summary", params={"format": name[2:]})
    assert (tmp_path / name).read_bytes() == reply.content
    assert [path.name for path in tmp_path.iterdir()] == [name], "no draft is left"
    run(api, tmp_path, "--what", "dictionary", "--group", "family", "--format", "csv", "--out", "d.txt")
    params = {"format": "csv", "group": "family"}
    assert (tmp_path / "d.txt").read_bytes() == api.admin.get("/v1/waves/w/dictionary", params=params).content


def test_responses_are_noted_and_for_the_owner_alone(api: Api, tmp_path: Path) -> None:
    before = noted(api)
    said = run(api, tmp_path, "--what", "responses", "--school", "erving", "--out", "r.csv")
    assert "breaks what was promised" in said
    assert "Your answers are confidential" in " ".join(said.split())
    assert noted(api) == [*before, None]
    path = tmp_path / "r.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    params = {"format": "csv", "school": "erving"}
    assert path.read_bytes() == api.admin.get("/v1/waves/w/responses", params=params).content
    path.write_text("before")
    run(api, tmp_path, "--what", "responses", "--school", "nowhere", "--out", "r.csv", status=1)
    assert path.read_text() == "before"
    assert len(noted(api)) == len(before) + 2


def test_stdout(api: Api, tmp_path: Path) -> None:
    done = soundings(
        "export", "w", "--what", "responses", "--format", "ndjson", "--out", "-",
        cwd=tmp_path, database_url=api.settings.database_url,
    )  # fmt: skip
    assert told(done).stdout == api.admin.get("/v1/waves/w/responses").text


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (["--out", "w.docx"], 1, "csv, xlsx, parquet, arrow"),
        (["--out", "-"], 1, "--format"),
        (["--what", "responses", "--out", "w.xlsx"], 1, "ndjson, csv, parquet, sav"),
        (["--weights", "--out", "w.csv"], 2, "--weights of responses"),
        (["--what", "dictionary", "--school", "erving", "--out", "w.csv"], 2, "of no school"),
        (["--school", "nowhere", "--out", "w.csv"], 1, "no"),
    ],
)
def test_what_cannot_be_written(api: Api, tmp_path: Path, args: list[str], status: int, words: str) -> None:
    assert words in " ".join(run(api, tmp_path, *args, status=status).split())
    assert list(tmp_path.iterdir()) == []
    assert set(extracts.FORMATS) == {"ndjson", "csv", "parquet", "sav"}
