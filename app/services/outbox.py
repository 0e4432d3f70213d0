"""What happens to waves, noted in the transaction that makes it happen, with a message for every webhook that asks.

Decides the order of events and what a message says. Who reads events, `changes.py` decides; who sends messages,
`courier.py`.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from time import time_ns
from typing import Literal

import orjson
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from app.db import Database
from app.models.tables import ChangeEvent, Wave, Webhook, WebhookDelivery

Kind = Literal["opened", "closed", "released"]
NO_RELEASE = 0
TRIES = 13  # with the waits of `courier.py`, about three days


def note(database: Database, session: Session, kind: Kind, wave: str, at: datetime, release: int = NO_RELEASE) -> None:
    """Note an event once, however often and by how many servers it is noticed.

    Call it last: from here to the end of the transaction, no other event can be noted. So numbers become visible in
    their order, and a reader who has seen one has seen all below it.
    """
    session.flush()
    same = select(ChangeEvent.number).filter_by(wave=wave, kind=kind, release=release)
    if session.exec(same).first() is not None:
        return
    if not database.is_sqlite:
        session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtextextended('soundings:changes', 0))"))
        if session.exec(same).first() is not None:
            return
    last = session.exec(select(func.max(ChangeEvent.number))).one()
    event = ChangeEvent(number=(last or 0) + 1, id=secrets.token_hex(12), kind=kind, wave=wave, release=release, at=at)
    session.add(event)
    session.flush()
    type, now = f"wave.{kind}", database.now(session)
    message = body(type, at, wave, release or None)
    # Locked: none is removed before its message is there, and one that is being removed is waited for and left out.
    held = select(Webhook).order_by(col(Webhook.id)).with_for_update(read=True, key_share=True)
    for webhook in session.exec(held):
        if (webhook.waves is None or wave in webhook.waves) and (webhook.events is None or type in webhook.events):
            delivery = queue(session, webhook.id, type, message, now)
            if webhook.disabled_at is not None:  # kept, so that it can be repeated
                give_up(delivery, "disabled")
    session.flush()


def note_opening(database: Database, session: Session, row: Wave) -> None:
    """Note that a wave has opened, if its time has come; one that opens by itself, `changes.open_due` notices."""
    if row.opens_at <= database.now(session):
        note(database, session, "opened", row.key, row.opens_at)


def body(type: str, at: datetime, wave: str | None, release: int | None) -> str:
    """Write a message. It is fixed from here on, and holds no figure."""
    document = {"type": type, "timestamp": at, "data": {"wave": wave, "release": release}}
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def queue(session: Session, webhook: str, type: str, body: str, now: datetime, tries: int = TRIES) -> WebhookDelivery:
    """Queue a message for a webhook."""
    delivery = WebhookDelivery(
        id=f"msg_{time_ns():016x}{secrets.token_hex(8)}",  # in the order of their making
        webhook=webhook,
        type=type,
        body=body,
        status="pending",
        created_at=now,
        queued_at=now,
        due_at=now,
        attempts_left=tries,
    )
    session.add(delivery)
    return delivery


def give_up(delivery: WebhookDelivery, error: str | None) -> None:
    """Try a message no more, until somebody asks for it."""
    delivery.status, delivery.due_at, delivery.error = "failed", None, error
