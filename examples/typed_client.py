"""A survey from first to last with the typed Python client: fielded, answered, closed, and read.

The client is made by `scripts/clients`. Everything is simulated; run it against a server of your own:

    pip install clients/python
    SOUNDINGS_URL=http://127.0.0.1:8000 SOUNDINGS_KEY=snd_... python examples/typed_client.py rehearsal
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from soundings_client import AuthenticatedClient
from soundings_client.api.instruments import add_instrument
from soundings_client.api.responses import submit_response
from soundings_client.api.results import read_summary
from soundings_client.api.schools import put_school
from soundings_client.api.waves import close_wave, put_wave
from soundings_client.models import (
    BandedCell,
    ConstructCell,
    Instrument,
    InstrumentHead,
    Problem,
    ProtectedCell,
    Receipt,
    ResponseIn,
    ResponseInGroup,
    SchoolIn,
    SchoolOut,
    SummaryOut,
    WaveIn,
    WaveOut,
)

T = TypeVar("T")
SCALE = [
    {"value": "disagree", "score": 1, "label": {"en": "Disagree"}},
    {"value": "agree", "score": 2, "label": {"en": "Agree"}, "favorable": True},
]
SURVEY = {
    "key": "typed-example",
    "group": "family",
    "title": {"en": "An example"},
    "default_locale": "en",
    "scales": {"agree2": {"options": SCALE}},
    "constructs": [{"key": "welcome", "title": {"en": "Welcome"}, "setting": "school"}],
    "sections": [
        {
            "key": "main",
            "title": {"en": "Your school"},
            "items": [
                {"key": "at_home", "kind": "rating", "scale": "agree2", "construct": "welcome",
                 "text": {"en": "I feel at home at this school."}},
            ],
        }
    ],
}  # fmt: skip


def expect(kind: type[T], reply: object) -> T:
    """Take a reply that is of this kind; of a problem, say what it says."""
    if isinstance(reply, kind):
        return reply
    raise SystemExit(f"{reply.title}: {reply.detail}" if isinstance(reply, Problem) else "an unexpected reply")


def told(cell: ConstructCell | BandedCell | ProtectedCell) -> str:
    """Say what a cell shows. A withheld one has no number, and none may be made up for it."""
    if isinstance(cell, ProtectedCell):
        return "withheld"
    if isinstance(cell, BandedCell):
        return f"{cell.favorable.low:.0%} to {cell.favorable.high:.0%} favorable, n = {cell.n}"
    if cell.favorable is None or cell.favorable.share is None:
        return f"n = {cell.n}"
    return f"{cell.favorable.share:.0%} favorable, n = {cell.n}"


def main(client: AuthenticatedClient, wave: str) -> None:
    school = expect(SchoolOut, put_school.sync("erving", client=client, body=SchoolIn(name="Erving Elementary")))
    made = expect(InstrumentHead, add_instrument.sync(client=client, body=Instrument.from_dict(SURVEY)))
    now = datetime.now(UTC)
    fielded = {
        "title": "A rehearsal",
        "simulated": True,
        "opens_at": (now - timedelta(minutes=1)).isoformat(),
        "closes_at": (now + timedelta(days=1)).isoformat(),
        "time_zone": "America/New_York",
        "schools": [school.key],
        "instruments": {"family": f"{made.key}@{made.version}"},
    }
    expect(WaveOut, put_wave.sync(wave, client=client, body=WaveIn.from_dict(fielded)))
    for answer in ["agree"] * 9 + ["disagree"] * 3:
        body = ResponseIn.from_dict({"id": str(uuid4()), "group": "family", "school": school.key,
                                     "answers": {"at_home": answer}})  # fmt: skip
        assert body.group is ResponseInGroup.FAMILY
        expect(Receipt, submit_response.sync(wave, client=client, body=body))
    expect(WaveOut, close_wave.sync(wave, client=client))

    summary = expect(SummaryOut, read_summary.sync(wave, client=client, construct=["welcome"]))
    print(f"{summary.title}, release {summary.release.number}{', simulated' if summary.simulated else ''}")
    for construct in summary.constructs:
        for cell in construct.cells:
            print(f"{construct.title}, {cell.group.value}, {cell.school or 'all schools'}: {told(cell)}")


if __name__ == "__main__":
    main(AuthenticatedClient(base_url=os.environ["SOUNDINGS_URL"], token=os.environ["SOUNDINGS_KEY"]), sys.argv[1])
