"""`soundings report`, as people and cron call it: files, exit statuses, and a folder where nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import factories
from tests.databases import settings_for
from tests.server import Api, must
from tests.services.sending import fill
from tests.test_cli import soundings, told

PEOPLE: dict[str, dict[str | None, int]] = {"family": dict.fromkeys(factories.SCHOOLS, 12)}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("api")))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def waves(api: Api) -> tuple[str, str]:
    """One that is released, one that is open."""
    promise = {"family": {"mode": "confidential", "minimum": 10}}
    done, open_one = (api.wave(factories.definition("family"), promise=promise) for _ in range(2))
    fill(api, done, PEOPLE)
    must(api.admin.post(f"/v1/waves/{done}/close"))
    must(api.admin.post(f"/v1/waves/{done}/releases"))
    return done, open_one


def test_a_report_is_what_the_api_gives(api: Api, waves: tuple[str, str], tmp_path: Path) -> None:
    url = api.settings.database_url
    for name, asked in (("it.html", "format=html"), ("it.pdf", "format=pdf&school=erving")):
        school = ("--school", "erving") if "school" in asked else ()
        told(soundings("report", waves[0], *school, "--out", name, cwd=tmp_path, database_url=url))
        given = api.client("director").get(f"/v1/waves/{waves[0]}/report?{asked}")
        assert (tmp_path / name).read_bytes() == given.content
    told(soundings("report", waves[0], "--format", "xlsx", "--out", "book", cwd=tmp_path, database_url=url))
    assert (tmp_path / "book").read_bytes().startswith(b"PK")


def test_exit_statuses(api: Api, waves: tuple[str, str], tmp_path: Path) -> None:
    url = api.settings.database_url
    done = told(soundings("report", waves[1], "--out", "it.pdf", cwd=tmp_path, database_url=url), 3)
    assert "after the wave has closed" in done.stderr
    told(soundings("report", "no-such-wave", "--out", "it.pdf", cwd=tmp_path, database_url=url), 1)
    told(soundings("report", waves[0], "--out", "it.doc", cwd=tmp_path, database_url=url), 1)
    told(soundings("report", waves[0], cwd=tmp_path, database_url=url), 2)
    told(soundings("report", waves[0], "--all", "--out", "it", cwd=tmp_path, database_url=url), 2)
    assert list(tmp_path.iterdir()) == []


def test_all_of_them_twice(api: Api, waves: tuple[str, str], tmp_path: Path) -> None:
    url = api.settings.database_url
    first = told(soundings("report", "--all", "--out", "all", cwd=tmp_path, database_url=url))
    assert first.stdout == ""
    assert "Reports written: 10." in first.stderr
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "all").rglob("*") if path.is_file()}
    assert len(times) == 11
    assert {path.suffix for path in times} == {".html", ".pdf", ".json"}
    second = told(soundings("report", "--all", "--out", "all", cwd=tmp_path, database_url=url))
    assert "Reports written: 0." in second.stderr
    assert {path: path.stat().st_mtime_ns for path in times} == times
