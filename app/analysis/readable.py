"""All that can be read of a release: the documents that are stored, and those that are computed when asked for.

Decides what the auditor gets to see: whoever adds a document of results adds it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from app.analysis.breakdown import break_down
from app.analysis.consistency import consistency
from app.analysis.equity import compare
from app.analysis.facts import WaveFacts
from app.analysis.gaps import gaps_among
from app.analysis.priorities import prioritize
from app.analysis.sealed import Sealed

SCHOOLS = 40
"""Gaps at a school are looked at for so many schools of a wave: one is made like another."""


def readable(facts: WaveFacts, sealed: Sealed, stored: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give every document that has counts of people.

    Parameters
    ----------
    facts : the wave.
    sealed : what the release keeps.
    stored : audience -> its document.
    """
    yield from stored.values()
    facts, sealed = _exact(facts, sealed)
    attributes = {group.group: group.codebook.instrument.attributes for group in facts.groups}
    for attribute in dict.fromkeys(chain.from_iterable(attributes.values())):
        having = [group for group in attributes if attribute in attributes[group]]
        yield break_down(facts.only(having), sealed.only(having), attribute, "director")


def derived(facts: WaveFacts, sealed: Sealed, schools: int = SCHOOLS) -> Iterator[dict[str, Any]]:
    """Give every document whose figures are no counts, but derived from those of the documents above.

    Gaps at a school are given for the first `schools` of the wave.
    """
    facts, sealed = _exact(facts, sealed)
    groups = [group.group for group in facts.groups]
    if groups:
        yield consistency(facts, sealed, "director")
        yield prioritize(facts, sealed, "director")
        yield compare(facts, sealed, "director")
    if len(groups) > 1:
        yield from (
            gaps_among(facts, sealed, groups, school, "director") for school in (None, *facts.schools[:schools])
        )


def _exact(facts: WaveFacts, sealed: Sealed) -> tuple[WaveFacts, Sealed]:
    """Keep the groups that the director reads with exact figures; nobody reads others so."""
    groups = [group.group for group in facts.groups if not group.confidential or group.director == "exact"]
    return facts.only(groups), sealed.only(groups)
