"""Whoever holds replies against the OpenAPI document finds what is not in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance import faults_of

SCHOOL = {"key": "erving", "name": "Erving", "district": None}
HEADERS = {"content-type": "application/json", "etag": '"x"', "x-request-id": "1"}
PROBLEM = {"content-type": "application/problem+json", "x-request-id": "1"}


def found(status: int, body: Any, headers: dict[str, str] = HEADERS) -> list[str]:
    return list(faults_of("GET", "/v1/schools/{school}", status, headers, json.dumps(body).encode()))


def problem(slug: str) -> dict[str, Any]:
    return {"type": f"/problems/{slug}", "title": "", "status": 0, "detail": "", "instance": "/"}


def test_what_the_document_says() -> None:
    assert found(200, SCHOOL) == []
    assert found(404, problem("not-found"), PROBLEM) == []
    assert list(faults_of("GET", "/v1/schools/{school}", 304, {"etag": '"x"', "x-request-id": "1"}, b"")) == []


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (202, SCHOOL, HEADERS, "202 application/json is not listed: add 202 to its `responses`"),
        (
            409,
            problem("wave-open"),
            PROBLEM,
            "409 wave-open is not listed: add `responses=fails(WaveOpen)` to the route",
        ),
        (
            404,
            problem("wave-open"),
            PROBLEM,
            "404 wave-open is not listed: add `responses=fails(WaveOpen)` to the route",
        ),
        (200, SCHOOL, HEADERS | {"content-type": "text/csv; header=present"}, "200 comes as text/csv: add it"),
        (200, SCHOOL, HEADERS | {"retry-after": "3"}, "200 brings Retry-After: add `header('Retry-After')`"),
        (200, SCHOOL, {"content-type": "application/json", "x-request-id": "1"}, "200 lacks ETag"),
        (200, SCHOOL | {"principal": "Ms. Hale"}, HEADERS, "200 is not as its schema says, at ``: Additional"),
        (200, SCHOOL | {"name": 7}, HEADERS, "200 is not as its schema says, at `name`: 7 is not of type 'string'"),
        (200, {"key": "erving", "name": "Erving"}, HEADERS, "200 is not as its schema says, at ``: 'district' is a"),
    ],
)
def test_what_it_does_not_say(status: int, body: Any, headers: dict[str, str], says: str) -> None:
    (fault,) = found(status, body, headers)
    assert fault.startswith(says)
