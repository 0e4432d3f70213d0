"""What happened to waves: noted once, in an order of which no reader misses a part, told to whom it concerns."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlmodel import select

from app import main
from app.auth import Caller
from app.config import Settings
from app.db import Database
from app.models.tables import ChangeEvent
from app.services import changes, waves
from app.services.outbox import note
from tests import factories
from tests.databases import settings_for
from tests.server import Api, must
from tests.services.receiving import AT, at_once, fielded, until
from tests.services.sending import bulk, problem

EVERYTHING = Caller("key_0", "everything", "admin")


@pytest.fixture(scope="module")
def api(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that looks after its waves more often than others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "HOUSEKEEPING_S", 0.5)
        running = Api(settings_for(kind, tmp_path_factory.mktemp("changes")))
        yield running
        running.stop()


@pytest.fixture(scope="module")
def second(api: Api) -> Iterator[Api]:
    """Another server on the same database."""
    running = Api(api.settings)
    yield running
    running.stop()


def follow(client: httpx.Client, after: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Read on from a place until nothing is left."""
    found: list[dict[str, Any]] = []
    while True:
        page = must(client.get("/v1/changes", params={"limit": limit} | ({"after": after} if after else {})), 200)
        assert page.keys() == {"items", "next"}
        if not page["items"]:
            assert page["next"] == (after or "0")
            return found
        assert len(page["items"]) <= limit
        assert page["next"] == page["items"][-1]["id"]
        found += page["items"]
        after = page["next"]


def here(api: Api) -> str:
    """The place after all that has happened so far."""
    events = follow(api.admin)
    return str(events[-1]["id"]) if events else "0"


def told(events: list[dict[str, Any]]) -> list[tuple[str, str, int | None]]:
    return [(event["wave"], event["kind"], event["release"]) for event in events]


# ------------------------------------------------------------------ what is noted
def test_the_life_of_a_wave(api: Api) -> None:
    before = here(api)
    wave = api.wave()
    assert told(follow(api.admin, before)) == [(wave, "opened", None)]
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    made = must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 200)
    must(api.admin.get(f"/v1/waves/{wave}/summary"))
    events = follow(api.admin, before)
    assert told(events) == [(wave, "opened", None), (wave, "closed", None), (wave, "released", 1)]
    assert all(event.keys() == {"id", "kind", "wave", "release", "at"} for event in events)
    opened, closed, released = (datetime.fromisoformat(event["at"]) for event in events)
    standing = must(api.admin.get(f"/v1/waves/{wave}"))
    assert opened == datetime.fromisoformat(standing["opens_at"])
    assert closed == datetime.fromisoformat(standing["closed_at"])
    assert released == datetime.fromisoformat(made["released_at"])


def test_a_release_made_by_asking_is_noted(api: Api) -> None:
    wave = api.wave()
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    before = here(api)
    must(api.admin.get(f"/v1/waves/{wave}/summary"))
    assert told(follow(api.admin, before)) == [(wave, "released", 1)]


def test_changes_of_a_wave_that_has_opened_are_no_events(api: Api) -> None:
    instruments = {"family": api.instrument(factories.definition())}
    wave = api.wave(factories.definition())
    before = here(api)
    body = factories.wave(instruments) | {"title": "Another"}
    body["opens_at"] = must(api.admin.get(f"/v1/waves/{wave}"))["opens_at"]
    must(api.admin.put(f"/v1/waves/{wave}", json=body), 200)
    must(api.admin.put(f"/v1/waves/{wave}", json=body), 200)
    assert follow(api.admin, before) == []


def test_a_scheduled_wave_that_is_put_open(api: Api) -> None:
    before = here(api)
    body = factories.wave({"family": api.instrument(factories.definition())}, opens_at=factories.iso(hours=5))
    wave = api.wave(factories.definition(), opens_at=body["opens_at"])
    assert follow(api.admin, before) == []
    must(api.admin.put(f"/v1/waves/{wave}", json=body | {"opens_at": factories.iso(hours=-1)}), 200)
    assert told(follow(api.admin, before)) == [(wave, "opened", None)]


def test_a_wave_opens_by_itself_once(api: Api, second: Api) -> None:
    """Two servers, their housekeeping and eight more lookers notice; the event is one."""
    before = here(api)
    wave = api.wave(opens_at=factories.iso(hours=1))
    opened = datetime.now(UTC) - timedelta(seconds=30)
    with api.database.write() as session:
        waves.find(session, wave).opens_at = opened
    at_once([partial(changes.open_due, database) for database in (api.database, second.database) for _ in range(4)])
    (event,) = follow(second.admin, before)
    assert told([event]) == [(wave, "opened", None)]
    assert datetime.fromisoformat(event["at"]) == opened, "when it opened, not when somebody noticed"
    assert changes.open_due(api.database) == 0


def test_a_wave_that_nobody_noticed_opens_before_it_closes(api: Api) -> None:
    before = here(api)
    wave = api.wave(opens_at=factories.iso(hours=1), closes_at=factories.iso(hours=2))
    with api.database.write() as session:
        row = waves.find(session, wave)
        row.opens_at, row.closes_at = AT, AT + timedelta(days=1)
    at_once([lambda: waves.close_due(api.database), lambda: changes.open_due(api.database)] * 3)
    events = follow(api.admin, before)
    assert told(events) == [(wave, "opened", None), (wave, "closed", None)]
    assert [datetime.fromisoformat(event["at"]) for event in events] == [AT, AT + timedelta(days=1)]


def test_housekeeping_notes_openings(api: Api) -> None:
    """The server itself does, without anybody asking."""
    wave = api.wave(opens_at=factories.iso(seconds=1))
    before = here(api)
    until(lambda: (wave, "opened", None) in told(follow(api.admin, before)), seconds=40)


def test_what_is_not_stored_has_not_happened(database: Database) -> None:
    fielded(database, "w")

    def fail() -> None:
        with database.write() as session:
            note(database, session, "opened", "w", AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as session:
        assert changes.listed(session, EVERYTHING, 10, None) == ([], "0")


# ------------------------------------------------------------------ nothing is skipped
def test_a_slow_writer_is_waited_for(database: Database) -> None:
    """The event that was begun first is seen first, or else a reader would go on behind it."""
    fielded(database, "slow", "quick")
    done = threading.Event()

    def quick() -> None:
        with database.write() as session:
            note(database, session, "opened", "quick", AT)
        done.set()

    thread = threading.Thread(target=quick, daemon=True)
    with database.write() as session:
        note(database, session, "opened", "slow", AT)
        thread.start()
        assert not done.wait(0.5)
        with database.read() as reader:
            assert changes.listed(reader, EVERYTHING, 10, None) == ([], "0")
    assert done.wait(30)
    thread.join()
    with database.read() as reader:
        assert [item["wave"] for item in changes.listed(reader, EVERYTHING, 10, None)[0]] == ["slow", "quick"]


def test_a_reader_misses_nothing_of_many_slow_writers(database: Database) -> None:
    other = Database(Settings(database_url=database.engine.url.render_as_string(hide_password=False)))
    keys = [f"w-{number:02}" for number in range(24)]
    fielded(database, *keys)
    dice = random.Random(7)
    seen: list[str] = []
    ended = threading.Event()

    def write(mine: list[str], by: Database, pauses: list[float]) -> None:
        for key, pause in zip(mine, pauses, strict=True):
            with by.write() as session:
                if pause > 0.02:
                    time.sleep(pause)  # the transaction has begun, and the number is not given yet
                note(by, session, "opened", key, AT)
                time.sleep(pause)  # it is given, and not to be seen yet

    def read() -> None:
        place: str | None = None
        while True:
            last = ended.is_set()
            with database.read() as session:
                items, place = changes.listed(session, EVERYTHING, 3, place)
            seen.extend(item["wave"] for item in items)
            if last and not items:
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    writers = [(keys[i::6], (database, other)[i % 2], [dice.random() * 0.04 for _ in keys[i::6]]) for i in range(6)]
    at_once([partial(write, *job) for job in writers])
    ended.set()
    reader.join(30)
    other.close()
    with database.read() as session:
        stored = session.exec(select(ChangeEvent.wave).order_by(ChangeEvent.number)).all()  # type: ignore[arg-type]
        numbers = session.exec(select(ChangeEvent.number)).all()
    assert sorted(seen) == keys
    assert seen == list(stored)
    assert sorted(numbers) == list(range(1, 25))


# ------------------------------------------------------------------ who is told what
def test_nothing_new_is_304(api: Api) -> None:
    place = here(api)
    reporter = api.client("reporter")
    first = reporter.get("/v1/changes", params={"after": place})
    assert first.json() == {"items": [], "next": place}
    again = {"If-None-Match": first.headers["etag"]}
    assert reporter.get("/v1/changes", params={"after": place}, headers=again).status_code == 304
    wave = api.wave()
    reply = reporter.get("/v1/changes", params={"after": place}, headers=again)
    assert told(must(reply, 200)["items"]) == [(wave, "opened", None)]


def released(api: Api, *groups: str, promise: dict[str, Any] | None = None) -> str:
    more = {} if promise is None else {"promise": promise}
    wave = api.wave(*(factories.definition(group) for group in groups), **more)
    bulk(api.admin, wave, [factories.response(groups[0]) for _ in range(12)])
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def test_a_release_is_told_to_those_it_has_something_for(api: Api) -> None:
    before = here(api)
    banded = {"mode": "confidential", "minimum": 10, "public": "banded"}
    shown = released(api, "family", promise={"family": banded})
    kept = released(api, "family", promise={"family": {"mode": "confidential", "minimum": 10, "public": "none"}})
    attributed = released(api, "liaison")
    life = ["opened", "closed", "released"]
    audiences = {
        "director": {shown: life, kept: life, attributed: life},
        "principal": {shown: life, kept: life, attributed: life[:2]},
        "public": {shown: life, kept: life[:2], attributed: life[:2]},
    }
    for audience, expected in audiences.items():
        client = api.client("reporter", audience=audience)
        events = follow(client, before)
        assert {wave: [e["kind"] for e in events if e["wave"] == wave] for wave in expected} == expected
        for wave in expected:  # the same as the releases themselves say
            can = client.get(f"/v1/waves/{wave}/releases").status_code == 200
            assert can == ("released" in expected[wave]), (audience, wave)
        assert follow(client, before, limit=1) == events
    assert follow(api.client("principal"), before) == follow(api.client("reporter", audience="principal"), before)
    assert follow(api.client("director"), before) == follow(api.admin, before)


def test_a_key_that_is_limited_to_groups(api: Api) -> None:
    before = here(api)
    promise = {"family": {"mode": "confidential", "minimum": 10}, "liaison": {"mode": "attributed"}}
    wave = released(api, "family", "liaison", promise=promise)
    for group, expected in (("family", ["opened", "closed", "released"]), ("liaison", ["opened", "closed"])):
        client = api.client("reporter", audience="principal", groups=[group])
        assert [event["kind"] for event in follow(client, before)] == expected, (wave, group)


def test_a_key_that_is_limited_to_waves(api: Api) -> None:
    mine, other = api.wave(), api.wave()
    client = api.client("reporter", waves=[mine])
    assert told(follow(client)) == [(mine, "opened", None)]
    (event,) = follow(client)
    must(api.admin.post(f"/v1/waves/{other}/close"))
    assert follow(client, event["id"]) == []
    must(api.admin.post(f"/v1/waves/{mine}/close"))
    assert told(follow(client, event["id"])) == [(mine, "closed", None)]


def test_collectors_are_not_told(api: Api) -> None:
    problem(api.client("collector").get("/v1/changes"), 403, "forbidden")


# ------------------------------------------------------------------ places
@pytest.mark.parametrize("after", ["", "1", "00", "x", "0" * 24, "9" * 200, "MQ", "é", "\x00", "\U0001f600"])
def test_places_that_were_never_given(api: Api, after: str) -> None:
    reply = api.admin.get("/v1/changes", params={"after": after})
    faults = problem(reply, 422, "invalid-request")["errors"]
    assert [(fault["parameter"], fault["code"]) for fault in faults] == [("after", "invalid_cursor")]


def test_the_start_has_a_name(api: Api) -> None:
    api.wave()
    assert follow(api.admin, "0") == follow(api.admin) != []


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_any_size_of_page(api: Api, limit: int) -> None:
    api.wave()
    everything = follow(api.admin)
    assert follow(api.admin, limit=limit) == everything
    assert len({event["id"] for event in everything}) == len(everything)
