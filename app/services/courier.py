"""The courier: sends what is queued for webhooks, one server at a time a message, until it arrives or three days pass.

Decides when a message is tried again, and when a webhook is given up. Which addresses it may reach, `outbound.py`
decides; what a message says was fixed when it was queued. A message may arrive twice, always with the same id.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import structlog
from sqlmodel import col, func, select
from standardwebhooks import Webhook as Signer

from app.auth import webhook_secret
from app.db import Database
from app.models.tables import Webhook, WebhookDelivery
from app.services.outbound import AddressRefused, Pinned
from app.services.outbox import TRIES, give_up
from app.services.webhooks import TEST

LOOK_S = 2.0  # between looks for what is due
AT_ONCE = 4
TIMEOUT_S = 10.0  # for one attempt, from the look-up of the name to the status
LEASE = timedelta(seconds=60)  # after which another server tries, if the one that began has ended
FIRST_WAIT_S, GROWTH, LONGEST_WAIT_S = 10, 4, 12 * 3600
GONE = 410  # the receiver wants no more

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message: what is sent, and where to."""

    id: str
    webhook: str
    url: str
    body: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the status, or the kind of failure that left none."""

    status_code: int | None = None
    error: str | None = None

    @property
    def arrived(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


class Courier:
    """Sends for one server."""

    def __init__(self, database: Database, signing_secret: bytes, transport: Pinned) -> None:
        self._database = database
        self._secret = signing_secret
        self._client = httpx.AsyncClient(
            transport=transport, follow_redirects=False, trust_env=False, timeout=TIMEOUT_S,
            headers={"User-Agent": "Soundings", "Content-Type": "application/json"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is taken from a reply
        )  # fmt: skip

    async def run(self) -> None:
        """Send as long as the server runs."""
        try:
            while True:
                try:
                    while await self.send_due():
                        pass
                except Exception as error:
                    log.warning("webhooks.failed", error=type(error).__name__)
                await asyncio.sleep(LOOK_S)
        finally:
            await self._client.aclose()

    async def send_due(self) -> int:
        """Send a few of the messages that are due, and tell how many."""
        parcels = await asyncio.to_thread(claim, self._database)
        outcomes = await asyncio.gather(*(self._send(parcel) for parcel in parcels))
        await asyncio.to_thread(settle, self._database, list(zip(parcels, outcomes, strict=True)))
        return len(parcels)

    async def _send(self, parcel: Parcel) -> Outcome:
        now = datetime.now(UTC)
        headers = {
            "webhook-id": parcel.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(webhook_secret(self._secret, parcel.webhook)).sign(parcel.id, now, parcel.body),
        }
        try:
            async with asyncio.timeout(TIMEOUT_S):
                async with self._client.stream("POST", parcel.url, content=parcel.body, headers=headers) as reply:
                    return Outcome(status_code=reply.status_code)  # its body is never read
        except Exception as error:
            return Outcome(error=_kind(error))


_FAILURES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (AddressRefused, "address_refused"),
    ((TimeoutError, httpx.TimeoutException), "timeout"),
    ((socket.gaierror, UnicodeError), "name_not_found"),
    (ssl.SSLError, "tls"),
    ((OSError, httpx.ConnectError), "connection"),
)


def _kind(error: BaseException) -> str:
    """Name a failure by what caused it, without its text, which may hold addresses."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    return next((name for kinds, name in _FAILURES if any(isinstance(one, kinds) for one in chain)), "broken_reply")


def claim(database: Database) -> list[Parcel]:
    """Take messages that are due, one a webhook, so that a slow receiver does not hold up the others.

    Nobody else tries them until the lease has ended.
    """
    due = col(WebhookDelivery.due_at)
    with database.read() as session:
        if session.exec(select(WebhookDelivery.id).where(due <= database.now(session)).limit(1)).first() is None:
            return []
    with database.write() as session:
        now = database.now(session)
        oldest = select(func.min(WebhookDelivery.id)).where(due <= now).group_by(col(WebhookDelivery.webhook))
        found = session.exec(
            select(WebhookDelivery, Webhook.url)
            .join(Webhook, col(Webhook.id) == WebhookDelivery.webhook)
            .where(due <= now, col(WebhookDelivery.id).in_(oldest))
            .order_by(due, col(WebhookDelivery.id))
            .limit(AT_ONCE)
            .with_for_update(of=WebhookDelivery, skip_locked=True)
        ).all()
        parcels = []
        for row, url in found:
            row.attempts, row.attempted_at, row.due_at = row.attempts + 1, now, now + LEASE
            parcels.append(Parcel(row.id, row.webhook, url, row.body, row.attempts))
    return parcels


def settle(database: Database, tried: Sequence[tuple[Parcel, Outcome]]) -> None:
    """Note what came of attempts."""
    if not tried:
        return
    with database.write() as session:
        now = database.now(session)
        for parcel, outcome in sorted(tried, key=lambda pair: (pair[0].webhook, pair[0].id)):  # one order for all
            webhook = session.get(Webhook, parcel.webhook, with_for_update={"key_share": True})
            row = session.get(WebhookDelivery, parcel.id, with_for_update={"key_share": True})
            if webhook is None or row is None:
                continue  # removed meanwhile
            if outcome.arrived:
                row.status, row.due_at, row.status_code, row.error = "delivered", None, outcome.status_code, None
                webhook.last_delivered_at, webhook.disabled_at = now, None
            elif row.attempts == parcel.attempt:  # nobody else has tried since
                _missed(webhook, row, outcome, now)
    log.info("webhooks.sent", count=len(tried), arrived=sum(outcome.arrived for _, outcome in tried))


def _missed(webhook: Webhook, row: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    row.status_code, row.error = outcome.status_code, outcome.error
    row.attempts_left -= 1
    if row.attempts_left > 0 and outcome.status_code != GONE:
        row.due_at = now + wait(TRIES - row.attempts_left)
        return
    give_up(row, outcome.error)
    silent = webhook.last_delivered_at is None or webhook.last_delivered_at < row.queued_at
    if row.type != TEST and webhook.disabled_at is None and (silent or outcome.status_code == GONE):
        webhook.disabled_at = now


def wait(tries: int) -> timedelta:
    """Give the time until the next attempt after so many in vain: longer each time, and never the same for many."""
    seconds = min(FIRST_WAIT_S * GROWTH ** (tries - 1), LONGEST_WAIT_S)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))
