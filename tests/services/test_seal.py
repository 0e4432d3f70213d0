"""A closed wave tells nothing of the order in which its responses came."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from tests import factories
from tests.server import Api, must


def test_rows_lie_in_an_order_that_is_not_that_of_arrival(api: Api) -> None:
    wave = api.wave()
    sent = [str(uuid.uuid4()) for _ in range(40)]
    for identity in sent:
        body = {**factories.response(), "id": identity}
        must(api.admin.post(f"/v1/waves/{wave}/responses", json=body), 201)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    place = "ctid" if not api.database.is_sqlite else "wave, id"  # a table without rowid lies in the order of its key
    with api.database.read() as session:
        connection = session.connection()
        rows = connection.execute(
            text(f"SELECT id FROM survey_response WHERE wave = :wave ORDER BY {place}"), {"wave": wave}
        )
        lying = [row[0] for row in rows]
        if not api.database.is_sqlite:
            makers = connection.execute(
                text("SELECT count(DISTINCT xmin::text) FROM survey_response WHERE wave = :w"), {"w": wave}
            )
            assert makers.scalar_one() == 1  # all rows were written by one transaction, the closing one
    assert sorted(lying) == sorted(sent)
    assert lying != sent
