"""`/v1/instruments`: definitions become immutable versions; a version explains itself to front ends and tools."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Response

from app.auth import DIRECTORS, EVERYONE, Caller
from app.errors import Fault, InstrumentIncompatible, InvalidRequest, NotExpressible, pointer
from app.models.instruments import (
    CheckOut,
    CodebookOut,
    InstrumentHead,
    InstrumentList,
    InstrumentOut,
    VersionOut,
    version_head,
)
from app.services import instruments
from app.survey.craft import review
from app.survey.instrument import parse
from app.survey.schema import answers_schema
from app.survey.surveyjs import NotSayable, surveyjs_model
from app.web.openapi import LOCATED, fails
from app.web.routes import Json, V1Route
from app.web.state import After, Held, Key, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1/instruments", route_class=V1Route, tags=["instruments"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
Anyone = Annotated[Caller, Depends(Needs(EVERYONE))]
Version = Annotated[int, Path(ge=1)]
# Checked by `parse`, which names every fault; the schema here is for the OpenAPI document.
Definition = Annotated[
    Any, Body(description="An instrument definition.", json_schema_extra={"$ref": "#/components/schemas/Instrument"})
]


@router.post(
    "", status_code=201, response_model=InstrumentHead,
    responses=fails(InstrumentIncompatible, also={200: {"model": InstrumentHead, **LOCATED}, 201: LOCATED}),
)  # fmt: skip
def add_instrument(definition: Definition, held: Held, caller: Director, session: Writer) -> Response:
    """Store a definition: 201 and a new version, or 200 and the standing version that is identical."""
    row, made = instruments.add(held.database, session, definition, caller)
    location = {"Location": f"/v1/instruments/{row.key}/versions/{row.version}"}
    return Json(version_head(row), 201 if made else 200, headers=location)


@router.post("/check", response_model=CheckOut, responses=fails(InstrumentIncompatible))
def check_instrument(definition: Definition, caller: Director, session: Reader) -> Response:
    """Say whether a definition would be taken, and what a careful survey maker would question; stores nothing."""
    instrument = parse(definition)
    instruments.check_compatible(session, instrument)
    return Json(
        {
            "key": instrument.key,
            "group": instrument.group,
            "digest": instrument.digest,
            "items": len(instrument.items),
            "constructs": {key: list(items) for key, items in instrument.construct_items.items()},
            "warnings": [warning.document() for warning in review(instrument)],
        }
    )


@router.get("", response_model=InstrumentList)
def list_instruments(caller: Anyone, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the newest version of every instrument."""
    rows, following = instruments.listed(session, caller, limit, after)
    return Json(listing([version_head(row) for row in rows], following))


@router.get("/{instrument}", response_model=InstrumentOut)
def read_instrument(instrument: Key, caller: Anyone, session: Reader) -> Response:
    """Read the newest version, and which versions there are."""
    rows = instruments.versions(session, instrument, caller)
    newest = rows[-1]
    versions = [{"version": row.version, "digest": row.digest} for row in rows]
    return Json({**version_head(newest), "versions": versions, "definition": newest.definition})


@router.get("/{instrument}/versions/{version}", response_model=VersionOut)
def read_version(instrument: Key, version: Version, caller: Anyone, session: Reader) -> Response:
    """Read one version with its definition."""
    row = instruments.get(session, instrument, version, caller)
    return Json({**version_head(row), "definition": row.definition})


@router.get("/{instrument}/versions/{version}/schema", response_model=dict[str, Any])
def read_schema(instrument: Key, version: Version, caller: Anyone, session: Reader) -> Response:
    """Give a JSON Schema of the version's `answers`; skip logic is in it as rules and as data."""
    row = instruments.get(session, instrument, version, caller)
    identifier = f"/v1/instruments/{row.key}/versions/{row.version}/schema"
    return Json(answers_schema(instruments.codebook(row).instrument, identifier))


@router.get("/{instrument}/versions/{version}/codebook", response_model=CodebookOut)
def read_codebook(instrument: Key, version: Version, caller: Anyone, session: Reader) -> Response:
    """Give the map from the version's items to the columns of the stored record."""
    row = instruments.get(session, instrument, version, caller)
    return Json({"instrument": f"{row.key}@{row.version}", **instruments.codebook(row).document()})


@router.get("/{instrument}/versions/{version}/surveyjs", response_model=dict[str, Any], responses=fails(NotExpressible))
def read_surveyjs(
    instrument: Key, version: Version, caller: Anyone, session: Reader,
    locale: Annotated[str | None, Query(max_length=35, description="The language in which the survey opens.")] = None,
) -> Response:  # fmt: skip
    """Give a SurveyJS model of the version; `survey.data` is then the `answers` of a response as it stands."""
    definition = instruments.codebook(instruments.get(session, instrument, version, caller)).instrument
    if locale is not None and locale not in definition.languages:
        detail = "The instrument is not offered in this language."
        raise InvalidRequest(faults=[Fault("?locale", "unknown_locale", detail, definition.languages)])
    try:
        return Json(surveyjs_model(definition, locale))
    except NotSayable as failed:
        raise NotExpressible(
            "SurveyJS has no words for the `show_if` of these items.",
            faults=[
                Fault(pointer("items", key), "not_sayable", "Its condition cannot be said.") for key in failed.items
            ],
        ) from None
