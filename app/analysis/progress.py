"""Whether a goal was met, from the figure that it began with and what a later release says.

Decides the verdict by the rule that was fixed with the goal, and the smallest change that a population of this size
could show. What may be shown was decided by the releases; a protected side gives no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from app.analysis.change import detectable, detectable_share
from app.analysis.words import first_up, people, place, quoted

Verdict = Literal["met", "not_met", "cannot_tell"]

REASONS = {
    "not_measured": "no later wave has been released yet",
    "not_readable": "its results are not released, or not for this key",
    "set_afterwards": "the goal was set when that wave had closed",
    "not_comparable": "it cannot be compared with the wave of the goal",
    "protected": "the figure is not shown in one of the waves",
    "not_in_wave": "the school was part of only one of the waves",
    "other_schools": "the waves were held in different schools",
    "no_interval": "too few people answered for an interval",
    "no_variance": "all answers of each wave are the same, and they do not tell how those who did not answer think",
    "reached_unclear": "the target is reached, but the 95% interval of the change does not leave out no change",
    "not_surely_reached": "the target is reached, but not by all of the 95% interval",
    "within_reach": "the target is not reached, but the 95% interval does not leave it out",
}
"""Code -> why no verdict is given, in words."""
CLOSE = ("reached_unclear", "not_surely_reached", "within_reach")
"""Codes of what has figures, and an interval that is too wide."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to be, and what decides.

    Attributes
    ----------
    measure : `mean`, or the `favorable` share of an item.
    value : the value to reach.
    sure : whether the whole interval must have reached it; else the figure itself, by a change that is clear of none.
    """

    measure: Literal["mean", "favorable"]
    value: float
    sure: bool


def figure(cell: Mapping[str, Any], measure: str) -> float | None:
    """Give the figure of a published cell; None where there is none, and for a protected one."""
    of = cell.get(measure)
    return None if of is None else of["value" if measure == "mean" else "share"]


def smallest(cell: Mapping[str, Any], measure: str) -> float | None:
    """Give the smallest change that this population could show, if as many answer again and vary as much.

    Parameters
    ----------
    cell : of a director's document, published: `n`, `eligible`, `mean`, `favorable`.
    measure : `mean` or `favorable`.

    Returns
    -------
    The change that two such waves would show with a power of 80%, two-sided at 5% (`change.detectable`); of means with
    the finite correction where the roster is known, so 0 when everybody answers. None where it cannot be computed: no
    variance, one person, no figure.
    """
    n = cell["n"]
    if figure(cell, measure) is None:
        return None
    if measure == "favorable":
        count, of = np.array([cell["favorable"]["count"]]), np.array([n])
        least = float(detectable_share(count, of, count, of)[0])
    else:
        sd = cell["mean"]["sd"]
        if sd is None:
            return None
        side = pd.DataFrame({"n": [n], "value": [cell["mean"]["value"]], "variance": [sd * sd]})
        eligible = cell.get("eligible")
        N = [math.nan if eligible is None or eligible < n else float(eligible)]
        least = float(detectable(side, side, N, N)["mean_finite"].iloc[0])
    return None if math.isnan(least) else least


def judge(cell: Mapping[str, Any], baseline: float, target: Target) -> tuple[Verdict, str | None]:
    """Decide about one cell of a trend from the wave of the goal to a later one.

    Parameters
    ----------
    cell : with `later` and `change`, as `trends.trends` gives it.
    baseline : the figure that the goal began with; not equal to the target's value.

    Returns
    -------
    The verdict, and a key of `REASONS` where nothing can be told. `not_met` needs all of the interval to fall short.
    """
    change = (cell["change"] or {}).get(target.measure)
    later = figure(cell["later"] or {}, target.measure)
    if change is None or later is None or change["value"] is None:
        return "cannot_tell", cell.get("reason_code") if cell["change"] is None else "no_interval"
    if change["low"] is None:
        return "cannot_tell", "no_interval"
    census = all(side["n"] == side["eligible"] for side in (cell["earlier"], cell["later"]))
    if target.measure == "mean" and change["se"] == 0 and not census:
        return "cannot_tell", "no_variance"
    upward = target.value > baseline
    wanted = target.value - baseline
    near, far = (change["low"], change["high"]) if upward else (-change["high"], -change["low"])
    reached = later >= target.value if upward else later <= target.value
    if not reached:
        return ("not_met", None) if far < abs(wanted) else ("cannot_tell", "within_reach")
    if target.sure:
        exact = census and target.measure == "mean"
        return ("met", None) if exact or near >= abs(wanted) else ("cannot_tell", "not_surely_reached")
    return ("met", None) if near > 0 else ("cannot_tell", "reached_unclear")


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """Give the verdict of a goal from those of its cells: met everywhere, missed somewhere, or not to be told."""
    if "not_met" in verdicts:
        return "not_met"
    return "met" if verdicts and set(verdicts) == {"met"} else "cannot_tell"


def reading(
    cell: Mapping[str, Any], words: str, title: str, target: Target, baseline: float, found: tuple[Verdict, str | None]
) -> str:
    """Say a verdict in a sentence, and no more than the verdict.

    Parameters
    ----------
    words : the question or the construct.
    title : of the later wave.
    found : what `judge` gave.
    """
    verdict, code = found
    where = place(cell["school"], cell.get("schools"))
    who = first_up(f"{people(cell['group'])}{f' of {where}' if where else ''} on {quoted(words)}")
    if verdict == "cannot_tell" and code not in CLOSE:
        return f"{who}: it cannot be told whether {title} meets the goal: {REASONS[code or 'no_interval']}."
    change, later = cell["change"][target.measure], figure(cell["later"], target.measure)
    assert later is not None
    say = _share if target.measure == "favorable" else _mean
    moved = f"{say(baseline)} before, {say(later)} in {title}, target {say(target.value)}"
    by = _points if target.measure == "favorable" else _signed
    interval = f"change {by(change['value'])}, 95% interval {by(change['low'])} to {by(change['high'])}"
    unit = " percentage points" if target.measure == "favorable" else ""
    told = {
        "met": "the goal is met",
        "not_met": "the goal is not met",
        "cannot_tell": f"it cannot be told whether the goal is met: {REASONS.get(code or '', '')}",
    }[verdict]
    return f"{who}: {told}. {first_up(moved)}; {interval}{unit}."


def _mean(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _share(value: float) -> str:
    return f"{100 * value:.1f}%".replace("-", "−")


def _signed(value: float, digits: int = 2) -> str:
    said = f"{round(value, digits) + 0.0:+.{digits}f}"  # no −0.00
    return said.replace("-", "−") if float(said) else said.lstrip("+")


def _points(share: float) -> str:
    return _signed(100 * share, 1)
