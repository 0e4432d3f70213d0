"""The pages of one wave: which of them somebody has, the frame around each, and what is said when there is nothing.

Decides where a page leads. What is on it, its handler decides.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response

from app.auth import DIRECTORS, READERS
from app.errors import AudienceNotServed, NotFound, Problem, ResultsNotReleased, Unauthorized
from app.services import overview
from app.services.overview import Standing
from app.web.sessions import OfficeRoute, SignedIn, Visit, page
from app.web.state import Held, Key

Director = Annotated[Visit, Depends(SignedIn(DIRECTORS))]
Anyone = Annotated[Visit, Depends(SignedIn(READERS))]
Room = tuple[str, str, str]


def standing(wave: Key, held: Held, visit: Anyone) -> Standing:
    """Find the wave that an address names, as the visitor knows it. Raises NotFound."""
    return overview.standing(held.database, wave, visit.caller)


Wave = Annotated[Standing, Depends(standing)]


def released(wave: Wave) -> Standing:
    """Find a wave of which there are results for the visitor.

    Raises
    ------
    AudienceNotServed : when those who answered were promised that this reader gets nothing.
    ResultsNotReleased : while there are none. A page that is only looked at never makes the release.
    """
    if not wave.reads:
        raise AudienceNotServed("Those who answered were promised that you get no results of this wave.")
    if not wave.readable:
        raise ResultsNotReleased(_not_yet(wave))
    return wave


Results = Annotated[Standing, Depends(released)]


def _not_yet(wave: Standing) -> str:
    if wave.status != "closed":
        return "Results are made once, after the wave has closed. Until then nobody sees any."
    if wave.directs:
        return "The wave has closed, and its results are not released yet. You can release them on its first page."
    return "The wave has closed, and the director has not released its results yet."


def rooms(wave: Standing) -> list[Room]:
    """List the pages of a wave that the visitor has: path behind the wave's, name, and a remark."""
    found: list[Room] = [("", "Overview", "")]
    if not wave.readable:
        return found
    found.append(("/results", "Results", ""))
    if wave.exact:
        found.append(("/priorities", "Priorities", ""))
        if len(wave.exact) > 1:
            found.append(("/gaps", "Gaps", ""))
        if wave.earlier:
            found.append(("/trends", "Trends", ""))
        found.append(("/comments", "Comments", f"{wave.waiting:,} to read" if wave.waiting else ""))
    found.append(("/downloads", "Downloads", ""))
    return found


def show(request: Request, visit: Visit, wave: Standing, template: str, status: int = 200, *, title: str, here: str,
         **context: Any) -> Response:  # fmt: skip
    """Give a page of a wave; `here` is the path of its room."""
    whole = title if title == wave.title else f"{title} – {wave.title}"
    return page(
        request, visit, f"waves/{template}", status, title=whole, wave=wave, rooms=rooms(wave), here=here, **context
    )


SAID = {
    NotFound: ("There is no such page", "Perhaps the address is not complete, or this is not yours to see."),
    AudienceNotServed: ("This is not shown to you", None),
    ResultsNotReleased: ("There are no results yet", None),
}


class WaveRoute(OfficeRoute):
    """An address below `/waves`: what goes wrong is said in a sentence, with a way on."""

    def say(self, request: Request, problem: Problem) -> Response:
        """Say what there is not, and where to go instead."""
        said = SAID.get(type(problem))
        if isinstance(problem, Unauthorized) or said is None:
            return super().say(request, problem)
        title, detail = said
        wave = "" if isinstance(problem, NotFound) else request.path_params.get("wave", "")
        return page(
            request, getattr(request.state, "visit", None), "waves/trouble.html", problem.status, problem.headers,
            title=title, detail=detail or problem.detail, back=wave,
        )  # fmt: skip
