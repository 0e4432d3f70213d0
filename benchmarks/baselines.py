"""What Soundings is measured against: the same requests, served in the plainest way.

`echo` checks a body with a pydantic model and keeps nothing; `orm` does for a response all that Soundings does, with a
session and a commit for each request; `lines` reads a bulk and decodes every line of it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import FastAPI, Header, Request, Response
from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy import create_engine, event
from sqlmodel import Session, select

from app.auth import fingerprint, withdrawal_code
from app.models.tables import ApiKey, SurveyResponse
from app.services.keys import caller_of
from app.services.responses import check
from app.services.sheets import sheet_of
from benchmarks.ground import GROUPS, ITEMS, VALUES

_Group = Literal[GROUPS]  # type: ignore[valid-type]
_Value = Literal[VALUES]  # type: ignore[valid-type]
Answers: Any = create_model(
    "Answers", __config__=ConfigDict(extra="forbid"), **dict.fromkeys(ITEMS, (_Value | None, None))
)  # type: ignore[call-overload]


class Body(BaseModel):
    """A response: thirty items, each with a value of the scale."""

    model_config = ConfigDict(extra="forbid")
    id: UUID
    group: _Group
    school: str | None = None
    answers: Answers


Body.model_rebuild()


def _application() -> FastAPI:
    made = FastAPI(openapi_url=None)

    @made.get("/healthz")
    async def is_alive() -> dict[str, str]:
        return {"status": "ok"}

    return made


echo, orm, lines = _application(), _application(), _application()


# ------------------------------------------------------------------ echo
@echo.post("/responses", status_code=201)
async def echo_response(body: Body) -> dict[str, str]:
    return {"id": str(body.id)}


# ------------------------------------------------------------------ one session and one commit for each request
@orm.post("/responses", status_code=201)
def store_response(body: dict[str, Any], authorization: Annotated[str, Header()]) -> dict[str, Any]:
    """The same contract, as it is usually written: what is needed is read, and what is made is added, by a session."""
    with Session(orm.state.engine) as session:
        secret = fingerprint(authorization.removeprefix("Bearer "))
        caller = caller_of(session.exec(select(ApiKey).where(ApiKey.secret_hash == secret)).one())
        sheet = sheet_of(session, "w")
        row = check(sheet, caller, body)
        if session.get(SurveyResponse, (row.wave, row.id)) is None:
            session.add(SurveyResponse(received_on=datetime.now(UTC).date(), **row._asdict()))
            session.commit()
    names = ("id", "wave", "group", "school", "promise_digest")
    codes = {"withdrawal_code": withdrawal_code(b"benchmark", row.wave, row.id)}
    return {name: getattr(row, name) for name in names} | {"instrument": sheet.groups[row.group].instrument} | codes


if "BASELINE_FOLDER" in os.environ:
    _file = Path(os.environ["BASELINE_FOLDER"]) / "orm.db"
    orm.state.engine = create_engine(f"sqlite:///{_file}", pool_size=40, connect_args={"timeout": 30})

    @event.listens_for(orm.state.engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")


# ------------------------------------------------------------------ a bulk, decoded and forgotten
@lines.post("/responses/bulk")
async def decode_lines(request: Request) -> Response:
    decoded = [orjson.loads(line) for line in (await request.body()).split(b"\n") if line]
    return Response(orjson.dumps({"lines": len(decoded)}), media_type="application/json")
