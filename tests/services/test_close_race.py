"""The close against those who are answering: every acknowledged response is in, everything after it is refused."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlmodel import Session

from app.models.tables import Wave
from app.services.waves import close_due
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, export, post_ndjson, problem


@pytest.fixture(scope="module")
def second(api: Api) -> Iterator[Api]:
    """Another server, with its own sheets, writer and shelf, on the same database."""
    running = Api(api.settings)
    yield running
    running.stop()


class Sender(threading.Thread):
    """Posts single responses until it is refused a few times; remembers what it was told."""

    def __init__(self, base: str, secret: str, wave: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.refused: list[tuple[str, int, str]] = []
        self.strange: list[str] = []
        self._client = httpx.Client(base_url=base, timeout=60, headers={"Authorization": f"Bearer {secret}"})
        self._path = f"/v1/waves/{wave}/responses"

    def run(self) -> None:
        with self._client as client:
            for number in range(20_000):
                identity = str(uuid.uuid4())
                school = factories.SCHOOLS[number % 4]
                reply = client.post(self._path, json=factories.response("family", school, id=identity))
                if reply.status_code == 201:
                    self.acknowledged.append(identity)
                    if self.refused:
                        self.strange.append("accepted after a refusal")
                else:
                    self.refused.append((identity, reply.status_code, reply.json()["type"]))
                    if len(self.refused) == 5:
                        return


def race(api: Api, servers: list[Api]) -> None:
    wave = api.wave()
    secret = api.secret("collector")
    senders = [Sender(servers[i % len(servers)].base, secret, wave) for i in range(8)]
    for sender in senders:
        sender.start()
    deadline = time.monotonic() + 30
    while min(len(s.acknowledged) for s in senders) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    closed = must(api.admin.post(f"/v1/waves/{wave}/close"))
    at_close = sum(len(s.acknowledged) for s in senders)
    for sender in senders:
        sender.join(60)
    assert closed["status"] == "closed"
    assert [s.strange for s in senders] == [[]] * 8
    assert [s.is_alive() for s in senders] == [False] * 8
    assert {r[1:] for s in senders for r in s.refused} == {(409, "/problems/wave-not-open")}
    acknowledged = {i for s in senders for i in s.acknowledged}
    assert len(acknowledged) >= 40
    assert len(acknowledged) - at_close <= 8  # a reply under way for each sender, nothing stored after the close
    assert set(export(api.admin, wave)) == acknowledged
    cells = must(api.client("director").get(f"/v1/waves/{wave}/participation"))["cells"]
    assert union(cells) == len(acknowledged)
    summary = must(servers[-1].admin.get(f"/v1/waves/{wave}/summary"))
    assert union(summary["participation"]) == len(acknowledged)
    assert sum(c["responses"] for c in summary["participation"] if c["group"] == "family" and c["school"]) == len(
        acknowledged
    )
    (item,) = [i for i in summary["items"] if i["item"] == "informed"]
    assert [c["n"] for c in item["cells"] if c["group"] == "family" and c["school"] is None] == [len(acknowledged)]
    # Whoever was refused is refused again, and whoever was acknowledged still is, at every server.
    refused = senders[0].refused[0][0]
    for server in servers:
        problem(
            server.admin.post(f"/v1/waves/{wave}/responses", json=factories.response(id=refused)), 409, "wave-not-open"
        )
    assert set(export(api.admin, wave)) == acknowledged


def union(cells: list[dict[str, Any]]) -> int:
    (cell,) = [c for c in cells if c["group"] == "family" and c["school"] is None]
    return int(cell["responses"])


def test_close_while_eight_send(api: Api) -> None:
    race(api, [api])


def test_close_while_eight_send_to_two_servers(api: Api, second: Api) -> None:
    race(api, [api, second])


def test_bulks_and_the_close(api: Api, second: Api) -> None:
    """A bulk is stored as one: all of its lines or none of them make it before the close."""
    wave = api.wave()
    bulks = [[factories.response() for _ in range(100)] for _ in range(40)]
    replies: dict[int, dict[str, Any]] = {}
    secret = api.secret("collector")

    def send(numbers: range, base: str) -> None:
        with httpx.Client(base_url=base, timeout=60, headers={"Authorization": f"Bearer {secret}"}) as client:
            for number in numbers:
                replies[number] = bulk(client, wave, bulks[number])

    threads = [
        threading.Thread(target=send, args=(range(i, 40, 4), (api, second)[i % 2].base), daemon=True) for i in range(4)
    ]
    for thread in threads:
        thread.start()
    while len(replies) < 6:
        time.sleep(0.002)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    for thread in threads:
        thread.join(60)
    assert len(replies) == 40
    assert {(r["accepted"], r["rejected"]) for r in replies.values()} <= {(100, 0), (0, 100)}
    taken = {b["id"] for n, r in replies.items() if r["accepted"] for b in bulks[n]}
    assert set(export(api.admin, wave)) == taken
    assert len(taken) >= 600


def test_bulk_after_the_close_is_told_that_the_wave_is_not_open(api: Api) -> None:
    wave = api.wave()
    assert bulk(api.admin, wave, [factories.response()])["accepted"] == 1
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    (line,) = bulk(api.admin, wave, [factories.response()])["results"]
    assert line["problem"]["type"] == "/problems/wave-not-open"


def test_one_response_after_the_close(api: Api, second: Api) -> None:
    wave = api.wave()
    for server in (api, second):  # both know the wave as open
        must(server.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 201)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    for server in (api, second):
        problem(server.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 409, "wave-not-open")
    assert len(export(api.admin, wave)) == 2


# ------------------------------------------------------------------ closes_at
def let_it_end(api: Api, wave: str) -> None:
    """Move the end of a wave into the past, as if time had passed."""
    with api.database.write() as session:
        found(session, wave).closes_at = found(session, wave).opens_at.replace(microsecond=1)


def found(session: Session, wave: str) -> Wave:
    row = session.get(Wave, wave)
    assert row is not None
    return row


def test_a_wave_whose_time_has_come_closes_by_itself(api: Api) -> None:
    wave = api.wave(closes_at=factories.iso(seconds=3))
    first = factories.response()
    must(api.admin.post(f"/v1/waves/{wave}/responses", json=first), 201)
    deadline = time.monotonic() + 10
    while must(api.admin.get(f"/v1/waves/{wave}"))["status"] != "closed":  # nobody has closed it: the clock did
        assert time.monotonic() < deadline
        time.sleep(0.05)
    late = api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response())
    problem(late, 409, "wave-not-open")
    close_due(api.database)
    assert close_due(api.database) == []
    with api.database.read() as session:
        row = found(session, wave)
        assert row.closed_at == row.closes_at  # not when somebody noticed
        assert row.closing_counts == [["family", "erving", 1]]
    late = api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response())
    problem(late, 409, "wave-not-open")
    assert must(api.admin.post(f"/v1/waves/{wave}/responses", json=first), 200)["id"] == first["id"]
    assert set(export(api.admin, wave)) == {first["id"]}


def test_close_due_names_only_what_it_closed(api: Api) -> None:
    over, running = api.wave(), api.wave()
    let_it_end(api, over)
    closed = close_due(api.database)
    assert running not in closed
    with api.database.read() as session:
        assert found(session, over).closed_at is not None
        assert found(session, running).closed_at is None
    assert over not in close_due(api.database)


@pytest.mark.parametrize("noticed", [True, False])
def test_a_later_closes_at_does_not_reopen(api: Api, noticed: bool) -> None:
    body = factories.wave({"family": api.instrument(factories.definition())}, closes_at=factories.iso(hours=2))
    api.schools()
    wave = api.name("wave")
    must(api.admin.put(f"/v1/waves/{wave}", json=body), 201)
    if noticed:
        must(api.admin.post(f"/v1/waves/{wave}/close"))
    else:
        let_it_end(api, wave)
    reply = api.admin.put(f"/v1/waves/{wave}", json=body | {"closes_at": factories.iso(days=30)})
    assert reply.status_code == 409, reply.text
    assert must(api.admin.get(f"/v1/waves/{wave}"))["status"] == "closed"
    problem(api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 409, "wave-not-open")


def test_closing_again_changes_nothing(api: Api) -> None:
    wave = api.wave()
    once = must(api.admin.post(f"/v1/waves/{wave}/close"), 200)
    time.sleep(0.01)
    assert must(api.admin.post(f"/v1/waves/{wave}/close"), 200) == once
    assert once["closed_at"] is not None


def test_a_wave_that_has_not_opened_cannot_be_closed(api: Api) -> None:
    wave = api.wave(opens_at=factories.iso(hours=1))
    assert api.admin.post(f"/v1/waves/{wave}/close").status_code == 409
    assert must(api.admin.get(f"/v1/waves/{wave}"))["status"] == "scheduled"
    problem(post_ndjson(api.admin, "no-such-wave", "{}"), 404, "not-found")
    problem(api.admin.post("/v1/waves/no-such-wave/close"), 404, "not-found")
