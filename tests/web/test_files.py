"""Which format a request asks for, and files as replies."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Request

from app.errors import NotAcceptable
from app.render.file import File
from app.web.files import choose, send

OFFERED = {"json": "application/json", "csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}


def request(accept: str | None) -> Request:
    headers: list[Any] = [] if accept is None else [(b"accept", accept.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b""})


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("text/html, text/csv;q=0.5, */*;q=0.1", "csv"),
        ("text/*", "csv"),
        ("text/csv, */*", "csv"),
        ("application/*", "json"),
        ("application/pdf;q=0.9, application/json;q=0.8", "pdf"),
        ("application/json;q=0, */*", "csv"),
        ("TEXT/CSV;header=present", "csv"),
        ("text/csv;q=nonsense, application/pdf", "pdf"),
    ],
)
def test_the_format_that_is_liked_best(accept: str | None, chosen: str) -> None:
    assert choose(request(accept), None, OFFERED) == chosen


def test_a_format_that_is_named_wins() -> None:
    assert choose(request("text/csv"), "pdf", OFFERED) == "pdf"


@pytest.mark.parametrize("accept", ["text/html", "image/*", "*/*;q=0", "application/json;q=0"])
def test_nothing_that_is_taken(accept: str) -> None:
    with pytest.raises(NotAcceptable) as raised:
        choose(request(accept), None, OFFERED)
    assert "text/csv" in raised.value.detail
    assert choose(request(accept), None, OFFERED, otherwise="csv") == "csv"


def test_a_file_is_saved_under_its_name() -> None:
    reply = send(File(b"a,b", "text/csv", "w-summary.csv"), etag='"x"', Cache_Control="no-store")
    assert reply.headers["content-disposition"] == 'attachment; filename="w-summary.csv"'
    assert (reply.headers["etag"], reply.headers["cache-control"]) == ('"x"', "no-store")
    assert send(File(b"", "image/svg+xml", "c.svg"), inline=True).headers["content-disposition"].startswith("inline;")
