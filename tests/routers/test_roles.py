"""Who may call what: one row for every operation of `/v1`, checked for every role and for nobody."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.config import Settings
from app.main import create_app
from app.web.routes import V1Route
from app.web.sessions import SignedIn
from app.web.state import Needs
from tests.databases import SECRET
from tests.server import Api

# C collector, P principal, R reporter (audience director), D director, A admin. Written out here on purpose, and not
# taken from app/auth.py: a role that is added to a constant there has to be added here as well.
LETTERS = {"C": "collector", "P": "principal", "R": "reporter", "D": "director", "A": "admin"}
EVERYONE = "CPRDA"

# (method, template) -> (roles that may, status of such a call on things that do not exist, with the body `{}`)
TABLE: dict[tuple[str, str], tuple[str, int]] = {
    ("POST", "/v1/waves/{wave}/responses"): ("CDA", 404),
    ("GET", "/v1/waves/{wave}/responses"): ("A", 404),
    ("POST", "/v1/waves/{wave}/responses/bulk"): ("CDA", 404),
    ("GET", "/v1/waves/{wave}/responses/{response_id}"): ("A", 404),
    ("DELETE", "/v1/waves/{wave}/responses/{response_id}"): ("CDA", 404),
    ("POST", "/v1/waves/{wave}/imports"): ("DA", 422),
    ("POST", "/v1/waves/{wave}/imports/draft"): ("DA", 422),
    ("GET", "/v1/waves/{wave}/releases"): ("PRDA", 404),
    ("POST", "/v1/waves/{wave}/releases"): ("DA", 404),
    ("GET", "/v1/waves/{wave}/releases/{number}"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/summary"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/groups/{group}/summary"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/schools/{school}/summary"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/attributes/{item}/summary"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/dictionary"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/reliability"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/priorities"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/equity"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/gaps"): ("PRDA", 422),
    ("GET", "/v1/waves/{wave}/report"): ("PRDA", 404),
    ("GET", "/v1/trends"): ("PRDA", 422),
    ("GET", "/v1/waves/{wave}/charts/{chart}"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/comments"): ("PRDA", 404),
    ("GET", "/v1/waves/{wave}/comments/{comment}"): ("PRDA", 404),
    ("PATCH", "/v1/waves/{wave}/comments/{comment}"): ("DA", 422),
    ("GET", "/v1/waves/{wave}/names"): ("PRDA", 404),
    ("PUT", "/v1/waves/{wave}/names"): ("DA", 422),
    ("GET", "/v1/waves"): (EVERYONE, 200),
    ("GET", "/v1/waves/{wave}"): (EVERYONE, 404),
    ("PUT", "/v1/waves/{wave}"): ("DA", 422),
    ("DELETE", "/v1/waves/{wave}"): ("DA", 404),
    ("POST", "/v1/waves/{wave}/close"): ("DA", 404),
    ("GET", "/v1/waves/{wave}/roster"): ("DA", 404),
    ("PUT", "/v1/waves/{wave}/roster"): ("DA", 422),
    ("GET", "/v1/waves/{wave}/participation"): ("PRDA", 404),
    ("POST", "/v1/waves/{wave}/access-codes"): ("DA", 422),
    ("GET", "/v1/waves/{wave}/access-codes"): ("DA", 404),
    ("DELETE", "/v1/waves/{wave}/access-codes"): ("DA", 422),
    ("GET", "/v1/waves/{wave}/links"): ("DA", 404),
    ("POST", "/v1/goals"): ("DA", 422),
    ("GET", "/v1/goals"): ("DA", 200),
    ("POST", "/v1/goals/proposal"): ("DA", 422),
    ("PUT", "/v1/goals/{goal}"): ("DA", 422),
    ("GET", "/v1/goals/{goal}"): ("DA", 404),
    ("DELETE", "/v1/goals/{goal}"): ("DA", 404),
    ("GET", "/v1/goals/{goal}/progress"): ("DA", 404),
    ("POST", "/v1/activities"): ("DA", 422),
    ("GET", "/v1/activities"): ("PDA", 200),
    ("PUT", "/v1/activities/{activity}"): ("DA", 422),
    ("GET", "/v1/activities/{activity}"): ("PDA", 404),
    ("DELETE", "/v1/activities/{activity}"): ("DA", 404),
    ("GET", "/v1/calendar"): ("PDA", 200),
    ("PUT", "/v1/observations/plans/{plan}"): ("DA", 422),
    ("GET", "/v1/observations/plans"): ("DA", 200),
    ("GET", "/v1/observations/plans/{plan}"): ("DA", 404),
    ("DELETE", "/v1/observations/plans/{plan}"): ("DA", 404),
    ("PUT", "/v1/observations/plans/{plan}/visits"): ("DA", 422),
    ("POST", "/v1/observations/plans/{plan}/accept"): ("DA", 404),
    ("GET", "/v1/observations/coverage"): ("DA", 422),
    ("GET", "/v1/waves/{wave}/voices"): ("PRDA", 404),
    ("GET", "/v1/activities/{activity}/summary"): ("PDA", 404),
    ("GET", "/v1/roadmap"): ("DA", 200),
    ("POST", "/v1/feeds"): ("DA", 422),
    ("GET", "/v1/feeds"): ("DA", 200),
    ("DELETE", "/v1/feeds/{feed}"): ("DA", 404),
    ("GET", "/v1/schools"): (EVERYONE, 200),
    ("GET", "/v1/schools/{school}"): (EVERYONE, 404),
    ("PUT", "/v1/schools/{school}"): ("DA", 422),
    ("GET", "/v1/instruments"): (EVERYONE, 200),
    ("POST", "/v1/instruments"): ("DA", 422),
    ("POST", "/v1/instruments/check"): ("DA", 422),
    ("GET", "/v1/instruments/{instrument}"): (EVERYONE, 404),
    ("GET", "/v1/instruments/{instrument}/versions/{version}"): (EVERYONE, 404),
    ("GET", "/v1/instruments/{instrument}/versions/{version}/schema"): (EVERYONE, 404),
    ("GET", "/v1/instruments/{instrument}/versions/{version}/codebook"): (EVERYONE, 404),
    ("GET", "/v1/instruments/{instrument}/versions/{version}/surveyjs"): (EVERYONE, 404),
    ("GET", "/v1/changes"): ("PRDA", 200),
    ("GET", "/v1/webhooks"): ("DA", 200),
    ("POST", "/v1/webhooks"): ("DA", 422),
    ("GET", "/v1/webhooks/{webhook}"): ("DA", 404),
    ("DELETE", "/v1/webhooks/{webhook}"): ("DA", 404),
    ("POST", "/v1/webhooks/{webhook}/test"): ("DA", 404),
    ("GET", "/v1/webhooks/{webhook}/deliveries"): ("DA", 404),
    ("POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/repeat"): ("DA", 404),
    ("GET", "/v1/keys"): ("A", 200),
    ("POST", "/v1/keys"): ("A", 422),
    ("DELETE", "/v1/keys/{key_id}"): ("A", 404),
    ("GET", "/v1/me"): (EVERYONE, 200),
}
# Beside /v1: what no key is needed for, and the metrics.
SERVICE = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/problems"),
    ("GET", "/problems/{slug}"),
    ("GET", "/feeds/{token}.ics"),
}

OPERATIONS = [pytest.param(*key, id=f"{key[0]} {key[1]}") for key in TABLE]
BULK = "/v1/waves/{wave}/responses/bulk"


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('roles') / 'x.db'}"
    paths = create_app(Settings(database_url=url, secret=SECRET)).openapi()["paths"]
    return {(method.upper(), path) for path, operations in paths.items() for method in operations}


PARTS_OF_PAGES = {"/static/{name}", "/s/worker.js"}
"""What survey pages are made of: no operations, and for everybody."""
SIGNED_IN = ("/waves", "/roadmap", "/enter", "/sign-out")
"""Pages for whoever is signed in, by what their addresses begin with; beside them, `/` and `/sign-in`."""


def is_page(path: str) -> bool:
    return path in ("/", "/sign-in") or path.startswith(SIGNED_IN)


def routes_of() -> list[APIRoute]:
    """Every route of the application's routers, those left out of the OpenAPI document too."""
    app = create_app(Settings(database_url="sqlite:///never-opened.db", secret=SECRET))
    found = [route for part in app.routes for route in getattr(getattr(part, "original_router", None), "routes", [])]
    return [route for route in found if isinstance(route, APIRoute) and route.path not in PARTS_OF_PAGES]


def call(client: httpx.Client, method: str, path: str) -> httpx.Response:
    """Call an operation on things that do not exist."""
    address = path.format(
        wave="no-such-wave", school="no-such-school", group="family", item="no-such-item",
        instrument="no-such-instrument", version=1, number=1, key_id="key_0", comment="0" * 24, chart="likert",
        webhook="wh_0", delivery="msg_0", goal="no-such-goal", activity="no-such-activity", plan="no-such-plan",
        feed="feed_0",
        response_id="7b0c3f5e-0000-4000-8000-000000000000",
    )  # fmt: skip
    headers = {"Withdrawal-Code": "AAAA-AAAA-AAAA-AAAA"} if method == "DELETE" else {}
    if method in ("POST", "PUT", "PATCH"):
        headers["Content-Type"] = "application/x-ndjson" if path == BULK else "application/json"
        return client.request(method, address, content=b"{}", headers=headers)
    return client.request(method, address, headers=headers)


def assert_refused_without_key(reply: httpx.Response) -> None:
    assert reply.status_code == 401
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "/problems/unauthorized"
    assert reply.headers["www-authenticate"].startswith("Bearer")


# ------------------------------------------------------------------ the table is the API
def test_the_table_has_every_operation_and_no_other(documented: set[tuple[str, str]]) -> None:
    assert {op for op in documented if op[1].startswith("/v1")} == set(TABLE)
    assert {op for op in documented if not op[1].startswith("/v1")} == SERVICE


def test_no_operation_is_hidden_from_the_document(documented: set[tuple[str, str]]) -> None:
    routed = {(method, route.path) for route in routes_of() for method in route.methods or ()}
    assert {operation for operation in routed if not is_page(operation[1])} == documented


# ------------------------------------------------------------------ who may
@pytest.mark.parametrize("role", list(LETTERS.values()))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_role(api: Api, method: str, path: str, role: str) -> None:
    letters, status = TABLE[method, path]
    reply = call(api.client(role), method, path)
    if role in {LETTERS[letter] for letter in letters}:
        assert reply.status_code == status, reply.text
        return
    assert reply.status_code == 403, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert (problem["type"], problem["status"]) == ("/problems/forbidden", 403)
    assert f"`{role}`" in problem["detail"]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nobody_may_without_a_key(api: Api, method: str, path: str) -> None:
    assert_refused_without_key(call(api.anonymous, method, path))


@pytest.mark.parametrize("role", list(LETTERS.values()))
def test_metrics_are_for_directors(api: Api, role: str) -> None:
    assert api.client(role).get("/metrics").status_code == (200 if role in ("director", "admin") else 403)
    assert_refused_without_key(api.anonymous.get("/metrics"))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/problems", "/problems/not-found", "/openapi.json", "/docs"])
def test_the_service_pages_need_no_key(api: Api, path: str) -> None:
    assert api.anonymous.get(path).status_code == 200


def test_the_reference_asks_nobody_else_for_anything(api: Api) -> None:
    page = api.anonymous.get("/docs").text
    assets = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(assets) == 3
    for asset in assets:
        assert api.anonymous.get(asset).status_code == 200
    assert "://" not in page
    assert api.anonymous.get("/redoc").status_code == 404


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Bearer snd_wrong", id="unknown"),
        pytest.param("Bearer", id="scheme only"),
        pytest.param("Basic {secret}", id="another scheme"),
        pytest.param("{secret}", id="no scheme"),
        pytest.param("Bearer {secret}x", id="one letter too many"),
        pytest.param("Bearer " + "x" * 5000, id="very long"),
        pytest.param("Bearer {secret} {secret}", id="twice"),
        pytest.param(b"Bearer \xff\xfe", id="no text"),
    ],
)
def test_what_is_no_key(api: Api, header: str | bytes) -> None:
    secret = api.client("admin").headers["authorization"].removeprefix("Bearer ")
    if isinstance(header, str):
        header = header.format(secret=secret)
    assert_refused_without_key(api.anonymous.get("/v1/me", headers={"Authorization": header}))


def test_the_scheme_is_read_in_any_case(api: Api) -> None:
    secret = api.client("admin").headers["authorization"].removeprefix("Bearer ")
    assert api.anonymous.get("/v1/me", headers={"Authorization": f"bearer {secret}"}).status_code == 200


# ------------------------------------------------------------------ the declaration itself
def needs_of(dependant: Dependant, kind: type = Needs) -> list[Any]:
    own = [dependant.call] if isinstance(dependant.call, kind) else []
    return own + [needs for part in dependant.dependencies for needs in needs_of(part, kind)]


@pytest.mark.parametrize("route", [pytest.param(r, id=f"{min(r.methods)} {r.path}") for r in routes_of()])
def test_every_route_declares_its_roles_once(route: APIRoute) -> None:
    needs, signed_in = needs_of(route.dependant), needs_of(route.dependant, SignedIn)
    (method,) = route.methods
    if route.path.startswith("/v1"):
        assert isinstance(route, V1Route)
        assert len(needs) == 1
        assert needs[0].roles == {LETTERS[letter] for letter in TABLE[method, route.path][0]}
    else:
        assert len(needs) == (1 if route.path == "/metrics" else 0)
    assert bool(signed_in) == route.path.startswith(SIGNED_IN)
