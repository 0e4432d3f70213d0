"""How far the server, its JSON Schema, the example client, SurveyJS and the oracle agree on random answers.

    python -m tests.agreement 100000          answer sets an instrument; survey-core gets a tenth of them
    python -m tests.agreement --queue 2000    responses through the offline queue, with injected faults

Exits with 1 at the first disagreement.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from app.survey.codebook import AnswersFaulty, Codebook
from app.survey.instrument import parse
from app.survey.schema import answers_schema
from app.survey.surveyjs import surveyjs_model
from tests import factories
from tests.js.node import feed
from tests.survey import random_answers
from tests.survey.strategies import items_of, shown

LIBRARY = sorted((Path(__file__).parents[1] / "app" / "survey" / "library").glob("*.yaml"))
SHIPPED: dict[str, dict[str, Any]] = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in LIBRARY}
DEFINITIONS = SHIPPED | {"every-kind": factories.every_kind()}
BATCH = 20_000


# ------------------------------------------------------------------ verdicts
def verdicts(definition: dict[str, Any], sets: int, seed: int) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Give random answers, half of them broken, with what each judge says: the faulty items, or just yes or no.

    The judges: the oracle and the codebook (sets of keys), the schema in the client (yes or no), the client's rules.
    """
    rng = random.Random(seed)
    instrument = parse(definition)
    book, schema = Codebook(instrument), answers_schema(instrument, "/schema")
    for start in range(0, sets, BATCH):
        asked = [
            (random_answers.broken if rng.random() < 0.5 else random_answers.answers)(rng, definition)
            for _ in range(min(BATCH, sets - start))
        ]
        _, *told = feed("verdicts.mjs", [{"schema": schema}, *({"answers": given} for given in asked)])
        for given, (valid, pointers) in zip(asked, told, strict=True):
            yield given, [random_answers.faulty_items(definition, given), by_codebook(book, given), valid, pointers]


def by_codebook(book: Codebook, given: dict[str, Any]) -> bool:
    try:
        book.encode(given)
    except AnswersFaulty:
        return False
    return True


def differ(judged: list[Any]) -> bool:
    """Tell whether the judges of `verdicts` contradict each other."""
    faulty, taken, valid, pointers = judged
    keys = {pointer.removeprefix("/answers/").replace("~1", "/").replace("~0", "~") for pointer in pointers}
    return not (taken is valid is (not faulty)) or keys != faulty


# ------------------------------------------------------------------ skip logic
def hidden(definition: dict[str, Any], given: dict[str, Any]) -> list[str]:
    """Keys of the items that are not shown with these answers, read plainly."""
    return [item["key"] for item in items_of(definition) if not shown(item.get("show_if"), given)]


def misshown(definition: dict[str, Any], sets: int, seed: int) -> list[Any]:
    """Answer sets for which survey-core does not hide the items that the server hides."""
    rng = random.Random(seed)
    instrument = parse(definition)
    model = {"model": surveyjs_model(instrument, rng.choice(instrument.languages))}
    asked = [random_answers.answers(rng, definition) for _ in range(sets)]
    _, *told = feed("surveys.mjs", [model, *({"data": given} for given in asked)])
    return [(a, t["hidden"]) for a, t in zip(asked, told, strict=True) if t["hidden"] != hidden(definition, a)]


# ------------------------------------------------------------------ the command
def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("sets", type=int, nargs="?", default=0)
    wanted.add_argument("--queue", type=int, default=0)
    wanted.add_argument("--seed", type=int, default=1)
    given = wanted.parse_args()
    for name, definition in DEFINITIONS.items() if given.sets else ():
        started, sound, total = time.perf_counter(), 0, 0
        for answers, judged in verdicts(definition, given.sets, given.seed):
            if differ(judged):
                print(f"{name}: {json.dumps(answers)}: oracle {judged[0]}, server {judged[1]}, client {judged[2:]}")
                return 1
            sound, total = sound + judged[1], total + 1
        wrong = misshown(definition, given.sets // 10, given.seed)
        if wrong:
            print(f"{name}: survey-core hides other items: {wrong[0]}")
            return 1
        print(f"{name}: {total} answer sets, {sound} sound: one verdict of server, schema, client's rules and oracle;")
        print(f"  {given.sets // 10} shown alike by survey-core; {time.perf_counter() - started:.0f} s", flush=True)
    if given.queue:
        from tests.databases import settings_for
        from tests.js.queueing import queued
        from tests.server import Api

        with tempfile.TemporaryDirectory() as folder:
            api = Api(settings_for("sqlite", Path(folder)))
            try:
                started = time.perf_counter()
                counts = queued(api, given.queue, given.seed)
                seconds = time.perf_counter() - started
                print(f"{given.queue} responses, each stored exactly once; {counts}; {seconds:.0f} s")
            finally:
                api.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
