"""Webhooks: made, listed, removed, tested; their deliveries, and how one is repeated.

Decides which addresses may be named. Whether one may be reached is decided anew at each attempt: `outbound.py`.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, cast

import httpx
from sqlmodel import Session, col, delete, select

from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest, NotFound
from app.models.tables import Webhook, WebhookDelivery
from app.models.webhooks import WebhookIn
from app.services import outbox
from app.services.audit import record
from app.services.paging import page

TEST = "webhook.test"
KEEP = timedelta(days=30)  # a message that has arrived


def create(database: Database, session: Session, wanted: WebhookIn, networks: tuple[str, ...], by: Caller) -> Webhook:
    """Make a webhook. Waves may be named before they exist.

    Raises
    ------
    InvalidRequest : for an address without TLS, unless the operator has named networks that take it.
    """
    if httpx.URL(wanted.url).scheme != "https" and not networks:
        raise InvalidRequest(faults=[Fault("/url", "https_only", "Messages are sent to `https://` addresses.")])
    row = Webhook(
        id="wh_" + secrets.token_hex(12),
        url=wanted.url,
        events=cast("list[str] | None", wanted.events),
        waves=wanted.waves,
        description=wanted.description,
        created_at=database.now(session),
    )
    session.add(row)
    record(session, by, "webhook.create", row.id)
    session.flush()
    return row


def find(session: Session, webhook: str, lock: bool | dict[str, bool] = False) -> Webhook:
    """Find a webhook, and hold its row until the transaction ends if `lock` says how. Raises NotFound."""
    row = session.get(Webhook, webhook.replace("\x00", ""), with_for_update=lock)
    if row is None:
        raise NotFound("There is no webhook with this id.")
    return row


def remove(session: Session, webhook: str, by: Caller) -> None:
    """Remove a webhook with its deliveries. Raises NotFound."""
    row = find(session, webhook, lock=True)
    record(session, by, "webhook.remove", row.id)
    session.delete(row)


def deliveries(
    session: Session, webhook: str, status: str | None, limit: int, after: str | None
) -> tuple[list[WebhookDelivery], str | None]:
    """List the deliveries of a webhook, oldest first. Raises NotFound."""
    where: tuple[Any, ...] = (col(WebhookDelivery.webhook) == find(session, webhook).id,)
    if status is not None:
        where += (col(WebhookDelivery.status) == status,)
    return page(session, WebhookDelivery, limit, after, key="id", where=where)


def send_test(database: Database, session: Session, webhook: str, by: Caller) -> WebhookDelivery:
    """Queue a message that says nothing, to be tried once. Raises NotFound."""
    row, now = find(session, webhook, lock={"read": True, "key_share": True}), database.now(session)
    delivery = outbox.queue(session, row.id, TEST, outbox.body(TEST, now, None, None), now, tries=1)
    record(session, by, "webhook.test", row.id)
    session.flush()
    return delivery


def repeat(database: Database, session: Session, webhook: str, delivery: str, by: Caller) -> WebhookDelivery:
    """Send a message again, the same with the same id, whatever became of it before. Raises NotFound."""
    row = session.get(WebhookDelivery, delivery.replace("\x00", ""), with_for_update={"key_share": True})
    if row is None or row.webhook != find(session, webhook).id:
        raise NotFound("The webhook has no delivery with this id.")
    now = database.now(session)
    row.status, row.queued_at, row.due_at, row.error = "pending", now, now, None
    row.attempts_left = 1 if row.type == TEST else outbox.TRIES
    record(session, by, "webhook.repeat", row.id)
    session.flush()
    return row


def forget_delivered(database: Database) -> None:
    """Remove messages that arrived long ago; called now and then."""
    with database.read() as session:
        arrived = col(WebhookDelivery.status) == "delivered"
        old = arrived & (col(WebhookDelivery.attempted_at) < database.now(session) - KEEP)
        if session.exec(select(WebhookDelivery.id).where(old).limit(1)).first() is None:
            return  # a reader waits for nobody; a writer would, every few seconds
    with database.write() as session:
        session.exec(delete(WebhookDelivery).where(old))
