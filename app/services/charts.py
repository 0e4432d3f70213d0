"""Charts: which document one is drawn from, for whom, and what may be chosen.

Decides which parameters a chart takes. Whoever may read the document may see the chart; every figure in it is the
document's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed, Fault, InvalidRequest, NotFound
from app.render import charts
from app.render.charts.cells import is_banded
from app.render.file import File
from app.services import gaps, releases, trends
from app.services.releases import Shelf

FORMS = {
    "svg": ("image/svg+xml", "svg"),
    "png": ("image/png", "png"),
    "vega-lite": ("application/vnd.vegalite.v6+json", "vl.json"),
}
"""Format -> media type, and how a file's name ends."""

MOST = 6000
"""Marks and words of a chart: forty schools with twenty constructs have less."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a request chose, by the names of its query parameters; None or empty where it did not."""

    group: str | None = None
    school: str | None = None
    item: tuple[str, ...] = ()
    construct: tuple[str, ...] = ()
    a: str | None = None
    b: str | None = None
    wave: tuple[str, ...] = ()
    of: Literal["constructs", "items"] | None = None
    measure: Literal["mean", "favorable"] | None = None
    release: int | None = None


_TAKES = {
    "likert": ("group", "school", "item", "construct", "release"),
    "constructs": ("group", "school", "construct", "measure", "release"),
    "heat-map": ("group", "construct", "release"),
    "participation": ("group", "school", "release"),
    "gaps": ("a", "b", "school", "item", "construct", "of", "measure", "release"),
    "trends": ("wave", "group", "school", "item", "construct", "of", "measure"),
}


def read(
    database: Database, shelf: Shelf, caller: Caller, wave: str, chart: str, form: str, choices: Choices
) -> tuple[File, str]:
    """Give a chart as a file, and its ETag; makes the final release first if that is due.

    Parameters
    ----------
    chart : a key of `charts.CHARTS`.
    form : a key of `FORMS`.
    choices : `a` and `b` are needed for gaps, and for trends at least one further `wave`.

    Raises
    ------
    NotFound : unknown chart, and as the service of the chart's document.
    InvalidRequest : for what the chart does not take, and as the service of its document.
    AudienceNotServed, ResultsNotReleased : as the service of its document; also for a figure that is not in it.
    """
    if chart not in charts.CHARTS:
        raise NotFound("There is no such chart.")
    _check(chart, choices)
    body, tag = _document(database, shelf, caller, wave, chart, choices)
    media_type, ending = FORMS[form]

    def make() -> File:
        document = orjson.loads(body)
        _check_figures(chart, document, choices)
        spec = charts.spec(chart, document, **_chosen(chart, choices))
        _check_size(chart, spec)
        name = "-".join(filter(None, (wave, chart, choices.group, choices.a, choices.b, choices.school)))
        return File(_DRAW[form](spec), media_type, f"{name}.{ending}")

    return shelf.file(("chart", chart, form, tag, choices), make)


_DRAW: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    "svg": lambda spec: charts.svg(spec).encode(),
    "png": charts.png,
    "vega-lite": lambda spec: orjson.dumps(spec, option=orjson.OPT_SORT_KEYS),
}


def _check(chart: str, choices: Choices) -> None:
    """Raise InvalidRequest for every choice that the chart does not take."""
    takes = _TAKES[chart]
    given = [name for name in Choices.__slots__ if getattr(choices, name) not in (None, ())]
    faults = [
        Fault(f"?{name}", "not_for_this_chart", f"The chart `{chart}` does not take this.", takes)
        for name in given
        if name not in takes
    ]
    if chart == "trends" and not choices.wave:
        faults.append(Fault("?wave", "required", "Name the waves to compare this one with."))
    if faults:
        raise InvalidRequest("The chart cannot be drawn so.", faults=faults)


def _document(
    database: Database, shelf: Shelf, caller: Caller, wave: str, chart: str, choices: Choices
) -> tuple[bytes, str]:
    """Read the document that a chart is drawn from, as the caller gets it, and its ETag."""
    place: dict[str, Any] = {"school": choices.school, "items": choices.item, "constructs": choices.construct}
    if chart == "gaps":
        return gaps.read(database, shelf, caller, wave, a=choices.a, b=choices.b, number=choices.release, **place)
    if chart == "trends":
        return trends.read(database, shelf, caller, [wave, *choices.wave], group=choices.group, **place)
    return releases.read(database, shelf, caller, wave, group=choices.group, number=choices.release, **place)


def _check_figures(chart: str, document: Mapping[str, Any], choices: Choices) -> None:
    """Raise AudienceNotServed where the reader's document has no such figures at all."""
    if chart == "participation" and document["audience"] == "public":
        raise AudienceNotServed("The public's results hold no participation.")
    if chart == "constructs" and choices.measure == "mean":
        cells = [cell for entry in document["constructs"] for cell in entry["cells"] if cell["status"] == "published"]
        if any(is_banded(cell) for cell in cells):
            raise AudienceNotServed("Means are for readers of exact figures.")


def _check_size(chart: str, spec: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for a chart of which nobody would see anything, and whose drawing would hold up others."""
    size = sum(len(layer["data"]["values"]) for panel in spec["vconcat"] for layer in panel["layer"])
    if size > MOST:
        narrower = next(name for name in ("construct", "school") if name in _TAKES[chart])
        told = f"The chart would have {size} marks and words, and {MOST} is the most. Choose fewer."
        raise InvalidRequest("The chart would be too large.", faults=[Fault(f"?{narrower}", "too_large", told)])


def _chosen(chart: str, choices: Choices) -> dict[str, Any]:
    """Give what the chart's function takes; the document is narrowed already."""
    chosen: dict[str, Any] = {name: getattr(choices, name) for name in ("group", "school") if name in _TAKES[chart]}
    if chart == "likert" and len(choices.item) == 1 and choices.school is None and not choices.construct:
        chosen["item"] = choices.item[0]
    if chart in ("gaps", "trends"):
        chosen["kind"] = choices.of or ("items" if choices.item and not choices.construct else "constructs")
    if choices.measure is not None:
        chosen["measure"] = choices.measure
    if chart == "gaps":
        del chosen["school"]  # it is said in the document
    return chosen
