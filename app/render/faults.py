"""Faults of a definition's text as a person reads them: file, line and column, the sentence, the line itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.errors import Fault
from app.survey.source import Place, Source, Unreadable

WIDTH = 100


def fault_lines(file: str, source: Source, faults: Sequence[Fault], *, warning: bool = False) -> Iterator[str]:
    """Write faults in the order in which they stand in the text, each with the line that it is about."""
    found = sorted(((source.place(fault), fault) for fault in faults), key=lambda pair: (pair[0].line, pair[0].column))
    for place, fault in found:
        word = f"warning {fault.code}" if warning else fault.code
        hint = source.hint(fault)
        sentence = f"{fault.detail.removesuffix('.')}. {hint}" if hint else fault.detail
        yield f"{file}:{place.line}:{place.column}: {word}: {sentence}"
        yield from _shown(place)
        yield f"      at {fault.pointer or '/'}"
        if fault.expected:
            yield f"      expected: {_list(fault.expected)}"


def unreadable_lines(file: str, error: Unreadable) -> Iterator[str]:
    """Write why a text cannot be read at all."""
    yield f"{file}:{error.place.line}:{error.place.column}: not YAML or JSON: {error.detail}"
    yield from _shown(error.place)


def _shown(place: Place) -> Iterator[str]:
    """Show a line with a mark under the column; of a long line the part around it."""
    start = max(0, place.column - WIDTH + 20) if len(place.text) > WIDTH else 0
    shown = place.text[start : start + WIDTH].replace("\t", " ").rstrip()
    yield f"{place.line:>5} | {shown}"
    yield f"      | {' ' * (place.column - 1 - start)}^"


def _list(values: Sequence[object]) -> str:
    words = ", ".join(map(str, values[:12]))
    return words + (f", and {len(values) - 12} more" if len(values) > 12 else "")
