"""Fixtures: every test that asks for `api` or `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from app.db import Database
from tests.databases import fresh_database, settings_for
from tests.server import Api

settings.register_profile("soundings", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("soundings")

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.pg)]


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def api(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A running server on a fresh database, shared by the tests of a module."""
    running = Api(settings_for(kind, tmp_path_factory.mktemp("api")))
    yield running
    running.stop()


@pytest.fixture
def database(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A migrated, empty database."""
    fresh = fresh_database(kind, tmp_path_factory.mktemp("database"))
    yield fresh
    fresh.close()
