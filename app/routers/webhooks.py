"""`/v1/webhooks`: made, listed, removed, tested; their deliveries, listed and repeated."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.auth import DIRECTORS, Caller, webhook_secret
from app.models.tables import Webhook
from app.models.webhooks import (
    DeliveryList,
    DeliveryOut,
    Status,
    WebhookIn,
    WebhookList,
    WebhookMade,
    WebhookOut,
    delivery_document,
    webhook_document,
)
from app.services import webhooks
from app.services.paging import page
from app.web.openapi import LOCATED
from app.web.routes import Json, V1Route
from app.web.state import After, Held, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1/webhooks", route_class=V1Route, tags=["webhooks"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]


@router.post("", status_code=201, response_model=WebhookMade, responses={201: LOCATED})
def make_webhook(body: WebhookIn, held: Held, caller: Director, session: Writer) -> Response:
    """Make a webhook. The secret that its messages are signed with is in the reply, this once."""
    row = webhooks.create(held.database, session, body, held.settings.webhook_networks, caller)
    secret = webhook_secret(held.settings.signing_secret(), row.id)
    location = {"Location": f"/v1/webhooks/{row.id}"}
    return Json({**webhook_document(row), "secret": secret}, 201, headers=location)


@router.get("", response_model=WebhookList)
def list_webhooks(caller: Director, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the webhooks, without their secrets."""
    rows, following = page(session, Webhook, limit, after, key="id")
    return Json(listing([webhook_document(row) for row in rows], following))


@router.get("/{webhook}", response_model=WebhookOut)
def read_webhook(webhook: str, caller: Director, session: Reader) -> Response:
    """Read a webhook: when a message last arrived, and whether it was given up."""
    return Json(webhook_document(webhooks.find(session, webhook)))


@router.delete("/{webhook}", status_code=204)
def remove_webhook(webhook: str, caller: Director, session: Writer) -> Response:
    """Remove a webhook with its deliveries."""
    webhooks.remove(session, webhook, caller)
    return Response(status_code=204)


@router.post("/{webhook}/test", status_code=202, response_model=DeliveryOut)
def test_webhook(webhook: str, held: Held, caller: Director, session: Writer) -> Response:
    """Send a message that says nothing, tried once. If it arrives, a webhook that was given up is taken up again."""
    return Json(delivery_document(webhooks.send_test(held.database, session, webhook, caller)), 202)


@router.get("/{webhook}/deliveries", response_model=DeliveryList)
def list_deliveries(
    webhook: str,
    caller: Director,
    session: Reader,
    status: Status | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List the messages of a webhook, oldest first, with what has become of each."""
    rows, following = webhooks.deliveries(session, webhook, status, limit, after)
    return Json(listing([delivery_document(row) for row in rows], following))


@router.post("/{webhook}/deliveries/{delivery}/repeat", status_code=202, response_model=DeliveryOut)
def repeat_delivery(webhook: str, delivery: str, held: Held, caller: Director, session: Writer) -> Response:
    """Send a message again, with the same id."""
    return Json(delivery_document(webhooks.repeat(held.database, session, webhook, delivery, caller)), 202)
