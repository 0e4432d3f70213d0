"""All that can be read of a release: the documents that are stored, and those that are computed when asked for.

Decides what the auditor gets to see: whoever adds a document of results adds it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.analysis.breakdown import break_down
from app.analysis.facts import WaveFacts
from app.analysis.sealed import Sealed


def readable(facts: WaveFacts, sealed: Sealed, stored: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give every document of a release.

    Parameters
    ----------
    facts : the wave.
    sealed : what the release keeps.
    stored : audience -> its document.
    """
    yield from stored.values()
    books = {g.group: g.codebook for g in facts.groups if not g.confidential or g.director == "exact"}
    for attribute in {name: None for book in books.values() for name in book.instrument.attributes}:
        having = {group for group, book in books.items() if attribute in book.instrument.attributes}
        yield break_down(facts.only(having), sealed.only(having), attribute, "director")
