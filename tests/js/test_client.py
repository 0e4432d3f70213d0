"""The example client: its verdict is the server's, its types hold, and its queue loses and doubles nothing."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.survey.codebook import Codebook
from app.survey.instrument import parse
from app.survey.schema import answers_schema
from tests import agreement
from tests.js.node import HERE, feed, ready
from tests.js.queueing import queued
from tests.server import Api
from tests.survey import random_answers
from tests.survey import strategies as our

pytestmark = pytest.mark.browser
each = pytest.mark.parametrize("name", list(agreement.DEFINITIONS))


# ------------------------------------------------------------------ checking
@each
def test_one_verdict_of_server_schema_rules_and_oracle(name: str) -> None:
    judged = list(agreement.verdicts(agreement.DEFINITIONS[name], 2000, seed=3))
    assert [pair for pair in judged if agreement.differ(pair[1])] == []
    sound = sum(verdicts[1] for _, verdicts in judged)
    assert 500 < sound < 1800  # enough of both


@given(st.data())
@settings(max_examples=25)
def test_one_verdict_on_any_definition(data: st.DataObject) -> None:
    definition = data.draw(our.definitions())
    instrument = parse(definition)
    asked = [data.draw(our.answers(definition) | our.broken(definition)) for _ in range(20)]
    _, *told = feed("verdicts.mjs", [{"schema": answers_schema(instrument, "/x")}, *({"answers": a} for a in asked)])
    for answers, (valid, pointers) in zip(asked, told, strict=True):
        assert agreement.by_codebook(Codebook(instrument), answers) is valid is (not pointers), answers


@each
def test_answers_of_hidden_items_are_left_out(name: str) -> None:
    definition, rng = agreement.DEFINITIONS[name], random.Random(6)
    items = our.items_of(definition)
    asked = [{item["key"]: random_answers.fitting(rng, item, definition) for item in items} for _ in range(200)]
    schema = answers_schema(parse(definition), "/x")
    _, *told = feed("verdicts.mjs", [{"schema": schema}, *({"shown": answers} for answers in asked)])
    for answers, kept in zip(asked, told, strict=True):
        assert kept == {k: v for k, v in answers.items() if k in kept}
        assert agreement.hidden(definition, kept) == [item["key"] for item in items if item["key"] not in kept]


def test_the_types_hold() -> None:
    ready()
    node = shutil.which("node")
    assert node is not None
    checked = subprocess.run(
        [node, str(HERE / "node_modules" / "typescript" / "bin" / "tsc"), "-p", str(HERE / "types.json")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


# ------------------------------------------------------------------ the queue
def test_the_queue_stores_each_response_once(api: Api) -> None:
    counts = queued(api, 200, seed=5)
    for what in ("lost", "replyLost", "doubled", "late", "busy", "restarts", "replayed"):
        assert counts[what] > 0, what
    assert counts["sent"] > 200


# ------------------------------------------------------------------ a difference is found
@pytest.mark.parametrize(
    ("judged", "differs"),
    [
        ([set(), True, True, []], False),
        ([{"a/b"}, False, False, ["/answers/a~1b"]], False),
        ([set(), False, True, []], True),
        ([set(), True, False, []], True),
        ([{"a"}, True, True, ["/answers/a"]], True),
        ([{"a"}, False, False, ["/answers/b"]], True),
    ],
)
def test_a_disagreement_is_one(judged: list[Any], differs: bool) -> None:
    assert agreement.differ(judged) is differs
