"""A closed wave tells nothing of the order in which its responses came."""

from __future__ import annotations

import random
import uuid
from pathlib import Path

from sqlalchemy import text

from app.db import Database
from app.services import waves
from app.services.ledger import Ledger, Submission
from app.services.store import store_for
from tests import factories
from tests.databases import fresh_database
from tests.server import Api, must
from tests.services.test_writer import REVISION, field, row


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


def leaves(database: Database) -> list[int]:
    """Rows on each page of the responses, in the order of their keys."""
    sql = "SELECT ncell FROM dbstat WHERE name = 'survey_response' AND pagetype = 'leaf' ORDER BY path"
    with database.read() as session:
        return [cells for (cells,) in session.connection().execute(text(sql))]


def test_pages_of_sqlite_tell_nothing_of_arrival_after_the_close(tmp_path: Path) -> None:
    rows = sorted((row(record="1" * 60) for _ in range(600)), key=lambda r: r.id)
    orders = [rows, rows[::-1], random.Random(1).sample(rows, len(rows))]
    before, after = [], []
    for order in orders:
        database = fresh_database("sqlite", tmp_path)
        field(database)
        ledger = Ledger(store_for(*database.address))
        for start in range(0, len(order), 10):
            ledger.enter([Submission(REVISION, order[start : start + 10])])
        ledger.close()
        before.append(leaves(database))
        waves.close(database, "w", None)
        after.append(leaves(database))
        database.close()
    assert 500 < sum(after[0]) <= 600  # some lie on the pages above
    assert before[0] != before[1] != before[2]  # the splits of pages show what came first
    assert after[0] == after[1] == after[2]
