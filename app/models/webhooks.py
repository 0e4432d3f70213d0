"""API schemas of changes, webhooks and deliveries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import httpx
import orjson
from pydantic import AwareDatetime, Field, StringConstraints, field_validator

from app.models.base import Body, Document, Listing, Name, Slug, shown
from app.models.tables import Webhook, WebhookDelivery

Kind = Literal["opened", "closed", "released"]
EventType = Literal["wave.opened", "wave.closed", "wave.released"]
Status = Literal["pending", "delivered", "failed"]


class ChangeOut(Document):
    """Something that happened to a wave; `release` is the number of a release, else null."""

    id: Annotated[str, Field(examples=["9c1f0e5b7a3d4c2e8f60a1b2"])]
    kind: Kind
    wave: Annotated[str, Field(examples=["2022-fall"])]
    release: int | None
    at: AwareDatetime


class ChangesOut(Document):
    """A page of what happened: go on with `?after=` the value of `next`, now while `items` is full, else later."""

    items: list[ChangeOut]
    next: str


class WebhookIn(Body):
    """A webhook to be made: where to, and of what it is told; without `events` or `waves`, of all."""

    model_config = shown(url="https://reports.example.org/hooks/soundings", events=["wave.released"])
    url: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[!-~]+$")]
    events: Annotated[list[EventType], Field(min_length=1, max_length=3)] | None = None
    waves: Annotated[list[Slug], Field(min_length=1, max_length=1000)] | None = None
    description: Name | None = None

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            url = httpx.URL(value)
        except httpx.InvalidURL:
            url = httpx.URL("")
        known = url.scheme in ("https", "http") and url.host and (url.port is None or 0 < url.port < 65536)
        if not known:
            raise ValueError("this is no address such as https://reports.example.org/hooks/soundings")
        if url.userinfo or "#" in value:
            raise ValueError("the address holds neither a name with a password nor a `#`")
        return value


class WebhookOut(Document):
    """A webhook, without its secret; `disabled_at` is when it was given up."""

    id: Annotated[str, Field(examples=["wh_3f9a"])]
    url: Annotated[str, Field(examples=["https://reports.example.org/hooks/soundings"])]
    events: list[EventType] | None
    waves: list[str] | None
    description: str | None
    created_at: AwareDatetime
    last_delivered_at: AwareDatetime | None
    disabled_at: AwareDatetime | None


class WebhookList(Listing[WebhookOut]):
    """The webhooks, without their secrets."""


class WebhookMade(WebhookOut):
    """A new webhook; `secret` is what its messages are signed with, and is shown this once."""

    secret: str


class Subject(Document):
    """The wave, and the number of the release if there is one; both are null in a test."""

    wave: str | None
    release: int | None


class EventOut(Document):
    """What a message says: that something happened, and to which wave. It holds no figure."""

    type: EventType | Literal["webhook.test"]
    timestamp: AwareDatetime
    data: Subject


class DeliveryOut(Document):
    """One message, and what has become of it; `payload` is what is sent."""

    id: Annotated[str, Field(examples=["msg_18a1"])]
    webhook: Annotated[str, Field(examples=["wh_3f9a"])]
    type: EventType | Literal["webhook.test"]
    status: Status
    attempts: int
    created_at: AwareDatetime
    attempted_at: AwareDatetime | None
    next_attempt_at: AwareDatetime | None
    status_code: int | None
    error: str | None
    payload: EventOut


class DeliveryList(Listing[DeliveryOut]):
    """The messages of a webhook, oldest first."""


def webhook_document(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "events": row.events,
        "waves": row.waves,
        "description": row.description,
        "created_at": row.created_at,
        "last_delivered_at": row.last_delivered_at,
        "disabled_at": row.disabled_at,
    }


def delivery_document(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "webhook": row.webhook,
        "type": row.type,
        "status": row.status,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "attempted_at": row.attempted_at,
        "next_attempt_at": row.due_at,
        "status_code": row.status_code,
        "error": row.error,
        "payload": orjson.loads(row.body),
    }
