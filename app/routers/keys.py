"""`/v1/keys` and `/v1/me`: keys are made, listed, revoked; a key asks what it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from app.auth import ADMINS, EVERYONE, Caller
from app.models.keys import KeyIn, KeyList, KeyMade, KeyOut, key_document
from app.models.tables import ApiKey
from app.services import keys
from app.services.paging import page
from app.web.openapi import LOCATED
from app.web.routes import Json, V1Route
from app.web.state import After, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1", route_class=V1Route, tags=["keys"])
Admin = Annotated[Caller, Depends(Needs(ADMINS))]
Anyone = Annotated[Caller, Depends(Needs(EVERYONE))]


@router.post("/keys", status_code=201, response_model=KeyMade, responses={201: LOCATED})
def make_key(body: KeyIn, caller: Admin, session: Writer) -> Response:
    """Make a key. Its secret is in the reply, this once."""
    row, secret = keys.create(session, body, caller)
    return Json({**key_document(row), "key": secret}, 201, headers={"Location": f"/v1/keys/{row.id}"})


@router.get("/keys", response_model=KeyList)
def list_keys(caller: Admin, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the keys, without their secrets."""
    rows, following = page(session, ApiKey, limit, after, key="id")
    return Json(listing([key_document(row) for row in rows], following))


@router.delete("/keys/{key_id}", status_code=204)
def revoke_key(key_id: str, caller: Admin, session: Writer) -> Response:
    """Revoke a key: it is refused everywhere within a second."""
    keys.revoke(session, key_id.replace("\x00", ""), caller)
    return Response(status_code=204)


@router.get("/me", response_model=KeyOut)
def describe_me(caller: Anyone) -> Response:
    """Say what the key is that asks."""
    return Json(_me(caller))


def _me(caller: Caller) -> dict[str, Any]:
    def limit(values: frozenset[str] | None) -> list[str] | None:
        return None if values is None else sorted(values)

    return {
        "id": caller.id,
        "name": caller.name,
        "role": caller.role,
        "schools": limit(caller.schools),
        "waves": limit(caller.waves),
        "groups": limit(caller.groups),
        "audience": caller.reads_as,
        "publishable": caller.publishable,
        "expires_at": caller.expires_at,
    }
