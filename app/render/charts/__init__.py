"""Charts of the documents that the API serves: as Vega-Lite, SVG and PNG.

Decides nothing of what may be shown: a chart has the figures of its document and no others. Specs are made as plain
objects: to make them of Altair's classes took a hundred times as long. Altair checks them in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from app import vega
from app.render.charts.constructs import constructs
from app.render.charts.gaps import gaps
from app.render.charts.heat_map import heat_map
from app.render.charts.likert import likert
from app.render.charts.participation import participation
from app.render.charts.trends import trends

CHARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "likert": likert,
    "constructs": constructs,
    "gaps": gaps,
    "heat-map": heat_map,
    "trends": trends,
    "participation": participation,
}
warm = vega.warm


def spec(chart: str, document: Mapping[str, Any], **choices: Any) -> dict[str, Any]:
    """Make a chart as Vega-Lite JSON with its data inline.

    Parameters
    ----------
    chart : a key of `CHARTS`.
    document : what the API serves: the summary; for `gaps` and `trends` the documents of these names.
    choices : what the function of the chart takes.
    """
    return CHARTS[chart](document, **choices)


def svg(spec: Mapping[str, Any]) -> str:
    """Draw a chart as SVG that says to everybody what it shows; it has no ids, so several fit in one page."""
    head, _, rest = vega.svg(spec).partition(">")
    title, told = (escape(vega.clean(words)) for words in (" ".join(spec["title"]["text"]), spec["description"]))
    return f'{head} role="img"><title>{title}</title><desc>{told}</desc>{rest}'


def png(spec: Mapping[str, Any], scale: float = 2) -> bytes:
    """Draw a chart as PNG; `scale` is the number of its pixels for one of the chart's."""
    return vega.png(vega.svg(spec), scale)
