"""API schemas of keys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StrictBool, model_validator

from app.auth import Audience, Role
from app.models.base import Body, Document, Listing, Name, Slug, shown
from app.models.tables import ApiKey
from app.survey.instrument import Group


class KeyIn(Body):
    """A key to be made."""

    model_config = shown(role="reporter", name="Nightly report", audience="director")
    role: Role
    name: Name
    schools: Annotated[list[Slug], Field(min_length=1, max_length=5000)] | None = None
    waves: Annotated[list[Slug], Field(min_length=1, max_length=1000)] | None = None
    groups: Annotated[list[Group], Field(min_length=1, max_length=4)] | None = None
    audience: Audience | None = None
    publishable: StrictBool = False
    expires_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _fits_its_role(self) -> KeyIn:
        if self.role == "principal" and not self.schools:
            raise ValueError("a principal's key names its schools")
        if self.role == "reporter" and self.audience is None:
            raise ValueError("a reporter's key names its audience")
        if self.role == "principal" and self.audience not in (None, "principal"):
            raise ValueError("a principal reads as the audience `principal`")
        if self.role not in ("reporter", "principal") and self.audience is not None:
            raise ValueError("only a reporter's key names an audience")
        if self.role in ("director", "admin") and (self.schools or self.waves or self.groups):
            raise ValueError("a director's or an admin's key has no limits")
        if self.publishable and (self.role != "collector" or not self.waves):
            raise ValueError("a publishable key is a collector's and names its waves")
        return self


class KeyOut(Document):
    """A key without its secret."""

    id: Annotated[str, Field(examples=["key_3f9a"])]
    name: str
    role: Role
    schools: list[str] | None
    waves: list[str] | None
    groups: list[Group] | None
    audience: Audience | None
    publishable: bool
    expires_at: AwareDatetime | None


class KeyListed(KeyOut):
    """A key as it is stored."""

    created_at: AwareDatetime
    revoked_at: AwareDatetime | None


class KeyList(Listing[KeyListed]):
    """The keys, without their secrets."""


class KeyMade(KeyListed):
    """A new key; `key` is the secret and is shown this once."""

    key: str


def key_document(row: ApiKey) -> dict[str, Any]:
    """Describe a key; its secret is not among what is stored."""
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "schools": row.schools,
        "waves": row.waves,
        "groups": row.groups,
        "audience": row.audience,
        "publishable": row.publishable,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }
