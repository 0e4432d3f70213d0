"""Schemathesis sends what the OpenAPI document allows and forbids: never a failure of ours, and always a reply that the
document lists, with its headers, of its media type, as its schema says. `tests/conformance.py` looks more closely.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.config import Settings
from app.errors import CATALOGUE
from app.main import create_app
from tests import factories
from tests.databases import SECRET, settings_for
from tests.server import Api, must

EXAMPLES = 10
CONFIG = {
    "phases": {"stateful": {"enabled": False}},
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "no-shrink": True},
    # Nothing is excluded from fuzzing. Of these two the coverage phase alone makes over 11,000 cases of each, from the
    # recursive schema of `show_if` in every kind of item; tests/survey has the faults of definitions.
    "operations": [
        {
            "include-name": f"POST /v1/instruments{more}",
            "phases": {"coverage": {"enabled": False}},
            "generation": {"max-examples": 3},  # each takes two seconds to make
        }
        for more in ("", "/check")
    ],
}

document = create_app(Settings(database_url="sqlite:///never-opened.db", secret=SECRET)).openapi()
schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(CONFIG))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server on SQLite with a few things to be found. PostgreSQL has its turn in tests/web/test_problems.py."""
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("schemathesis")))
    wave = running.wave()
    must(running.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 201)
    yield running
    running.stop()


@schemathesis.check
def errors_are_problems(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Every 4xx is a problem of the catalogue and says its own status."""
    if 400 <= response.status_code < 500:
        kinds = response.headers["content-type"]
        assert kinds == ["application/problem+json"], kinds
        problem = response.json()
        assert {"type", "title", "status", "detail", "instance"} <= problem.keys(), problem
        assert problem["status"] == response.status_code
        assert CATALOGUE[problem["type"].removeprefix("/problems/")].status == response.status_code
    else:
        assert response.status_code < 300 or response.status_code == 304, response.status_code


CHECKS = [
    not_a_server_error,
    errors_are_problems,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def as_lines(ctx: schemathesis.SerializationContext, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_operation(case: schemathesis.Case, server: Api) -> None:
    headers = {"Authorization": server.admin.headers["authorization"]}
    response = case.call(base_url=server.base, headers=headers)
    case.validate_response(response, checks=CHECKS)
