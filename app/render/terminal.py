"""A summary as terminal tables. Pure: a document in, Rich renderables out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

GROUP_NAMES = {"family": "Families", "school_leader": "School leaders", "liaison": "Liaisons", "staff": "Staff"}
WITHHELD = Text("withheld", style="dim")


def participation_table(rows: list[dict[str, Any]], schools: dict[str, str]) -> Table:
    """Who answered, of how many, by group and school."""
    table = Table(title="Who answered (responses of eligible)", title_justify="left", title_style="bold")
    table.add_column("group")
    for name in (*schools.values(), "All"):
        table.add_column(name, justify="right")
    for group in dict.fromkeys(row["group"] for row in rows):
        cells = {row["school"]: row for row in rows if row["group"] == group}
        table.add_row(GROUP_NAMES.get(group, group), *(_rate(cells.get(school)) for school in (*schools, None)))
    return table


def _rate(cell: dict[str, Any] | None) -> Text:
    if cell is None or cell.get("status") == "protected":
        return WITHHELD
    if cell["rate"] is None:
        return Text(str(cell["responses"]))
    return Text(f"{cell['responses']} of {cell['eligible']} ({cell['rate']:.0%})")


def group_tables(summary: dict[str, Any], schools: dict[str, str]) -> Iterator[Table]:
    """One table a group: its constructs and its items outside constructs, favorable share by school and in all."""
    for group in dict.fromkeys(row["group"] for row in summary["participation"]):
        measures = [*summary["constructs"], *(entry for entry in summary["items"] if entry["construct"] is None)]
        rows = [(entry, [c for c in entry["cells"] if c["group"] == group]) for entry in measures]
        rows = [(entry, cells) for entry, cells in rows if any(c.get("favorable") for c in cells)]
        if not rows:
            continue
        pools = {tuple(c["schools"]) for _, cells in rows for c in cells if "schools" in c}
        title = f"{GROUP_NAMES.get(group, group)}: share of favorable answers (people)"
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("measure", max_width=44)
        for name in (*schools.values(), *(" + ".join(schools[s] for s in pool) for pool in pools), "All"):
            table.add_column(name, justify="right", max_width=16)
        for entry, cells in rows:
            singles = {c["school"]: c for c in cells if "schools" not in c}
            pooled = {tuple(c["schools"]): c for c in cells if "schools" in c}
            table.add_row(
                entry.get("title") or entry["text"],
                *(_share(singles.get(school)) for school in schools),
                *(_share(pooled.get(pool)) for pool in pools),
                _share(singles.get(None)),
            )
        yield table


def _share(cell: dict[str, Any] | None) -> Text:
    if cell is None:
        return Text("-", style="dim")
    if cell["status"] == "protected":
        return WITHHELD
    favorable = cell.get("favorable")
    if favorable is None or favorable["share"] is None:
        return Text(f"- ({cell['n']})", style="dim")
    share = favorable["share"]
    style = "green" if share >= 0.7 else "yellow" if share >= 0.5 else "red"
    return Text.assemble((f"{share:.0%}", style), f" ({cell['n']})")
