"""What Soundings is measured against: the same requests, served in the plainest way.

`echo` checks a body with a pydantic model and keeps nothing; `orm` stores it with a session and a commit for each
request; `lines` reads a bulk and decodes every line of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy import JSON, create_engine, event
from sqlmodel import Field, Session, SQLModel

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
class Stored(SQLModel, table=True):
    id: str = Field(primary_key=True)
    group: str
    school: str | None
    answers: dict[str, Any] = Field(sa_type=JSON)


@orm.post("/responses", status_code=201)
def store_response(body: Body) -> dict[str, str]:
    with Session(orm.state.engine) as session:
        answers = body.answers.model_dump(exclude_none=True)
        session.add(Stored(id=str(body.id), group=body.group, school=body.school, answers=answers))
        session.commit()
    return {"id": str(body.id)}


if "BASELINE_FOLDER" in os.environ:
    _file = Path(os.environ["BASELINE_FOLDER"]) / "orm.db"
    orm.state.engine = create_engine(f"sqlite:///{_file}", pool_size=40, connect_args={"timeout": 30})

    @event.listens_for(orm.state.engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    SQLModel.metadata.create_all(orm.state.engine, tables=[SQLModel.metadata.tables["stored"]])


# ------------------------------------------------------------------ a bulk, decoded and forgotten
@lines.post("/responses/bulk")
async def decode_lines(request: Request) -> Response:
    decoded = [orjson.loads(line) for line in (await request.body()).split(b"\n") if line]
    return Response(orjson.dumps({"lines": len(decoded)}), media_type="application/json")
