"""Charts of a report, each with what it shows in words and with its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.render import charts
from app.render.report.parts import Chart, Table


def drawn(
    chart: str, document: Mapping[str, Any], table: Table | None = None, *, floats: bool = False, **choices: Any
) -> Chart:
    """Draw a chart of a document; `choices` as its function takes them."""
    spec = charts.spec(chart, document, **choices)
    return Chart(charts.svg(spec), spec["description"], table, floats)
