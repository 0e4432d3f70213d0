"""The commands that give results: for people in tables, for programs byte for byte what the API gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.databases import settings_for
from tests.server import Api, must
from tests.services.sending import fill
from tests.test_cli import environment, soundings, told


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A wave `fall` that has closed: families with bands for principals, four schools of which two are pooled."""
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("results")))
    running.schools()
    instruments = {"family": running.instrument(factories.definition())}
    promise = {"family": {"mode": "confidential", "minimum": 10}}
    wave = factories.wave(instruments, title="Fall 2022", promise=promise)
    must(running.admin.put("/v1/waves/fall", json=wave), 201)
    must(running.admin.put("/v1/waves/open", json=wave), 201)
    counts = [{"group": "family", "school": school, "eligible": 30} for school in factories.SCHOOLS]
    must(running.admin.put("/v1/waves/fall/roster", json={"source": "list", "counts": counts}))
    fill(running, "fall", {"family": {"erving": 14, "leverett": 9, "shutesbury": 8, "swift-river": 20}})
    must(running.admin.post("/v1/waves/fall/close"))
    yield running
    running.stop()


def run(api: Api, tmp_path: Path, *args: str, status: int = 0) -> Any:
    return told(soundings("summary", *args, cwd=tmp_path, database_url=api.settings.database_url), status)


@pytest.mark.parametrize(
    ("args", "reader", "path"),
    [
        ([], {"role": "director"}, "summary"),
        (["--release", "1"], {"role": "director"}, "summary?release=1"),
        (["--school", "leverett"], {"role": "director"}, "schools/leverett/summary"),
        (["--group", "family", "--item", "heard"], {"role": "director"}, "groups/family/summary?item=heard"),
        (["--construct", "communication"], {"role": "director"}, "summary?construct=communication"),
        (["--audience", "principal"], {"role": "reporter", "audience": "principal"}, "summary"),
        (["--audience", "principal", "--school", "erving"], {"role": "principal"}, "schools/erving/summary"),
    ],
)
def test_json_is_what_the_api_gives(
    api: Api, tmp_path: Path, args: list[str], reader: dict[str, Any], path: str
) -> None:
    served = api.client(**reader).get(f"/v1/waves/fall/{path}")
    assert served.status_code == 200
    done = run(api, tmp_path, "fall", "--json", *args)
    assert done.stdout.encode() == served.content
    assert done.stderr == ""


def test_tables(api: Api, tmp_path: Path) -> None:
    text = run(api, tmp_path, "fall").stdout
    assert "\x1b" not in text
    for words in ("Fall 2022", "as the director may read it", "14 of 30 47%", "Families", "Communication", "withheld"):
        assert words in text, words
    assert "Leverett + Shutesbury" in text
    assert "█" in text


def test_closely(api: Api, tmp_path: Path) -> None:
    text = run(api, tmp_path, "fall", "--item", "heard", "--school", "erving").stdout
    assert "strongly_agree" in text
    assert "Communication" not in text
    assert "Leverett" not in text


def test_what_others_see(api: Api, tmp_path: Path) -> None:
    text = run(api, tmp_path, "fall", "--audience", "principal").stdout
    assert "as principals may read it" in text
    assert "▒" in text
    assert "█" not in text
    assert "±0" not in text


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["winter"], "There is no wave with this key."),
        (["open"], "Results are published after the wave has closed."),
        (["fall", "--item", "nothing"], "The results have no such item."),
        (["fall", "--school", "nowhere"], "The wave does not hold this school."),
        (["fall", "--release", "7"], "There is no such release."),
        (["fall", "--audience", "public"], "Those who answered were promised that this audience gets nothing."),
    ],
)
def test_why_there_is_nothing(api: Api, tmp_path: Path, args: list[str], says: str) -> None:
    done = run(api, tmp_path, *args, status=1)
    assert done.stdout == ""
    assert says in done.stderr


def test_a_terminal_without_blocks(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert environment()["PYTHONIOENCODING"] == "ascii"
    assert "47%" in run(api, tmp_path, "fall").stdout
