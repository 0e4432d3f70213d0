"""Comments: made from open answers with a wave's release, redacted before anybody reads them, reviewed, read.

Decides who reads which. Where a comment belongs, `analysis/comments.py` decides, and what is taken out of it,
`survey/redact.py`. A stored comment leads back to nobody: it has no id, time, language or rating of its response.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, insert
from sqlalchemy import select as core_select
from sqlmodel import Session, and_, col, or_, select

from app.analysis.comments import places
from app.analysis.facts import WaveFacts
from app.analysis.sealed import Cell, Sealed
from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed, Fault, InvalidRequest, NotFound
from app.models.comments import ReviewIn, comment_document
from app.models.tables import Comment, CommentPool, SurveyResponse
from app.services import waves
from app.services.audit import record
from app.services.instruments import codebook
from app.services.names import redactor
from app.services.paging import page
from app.services.responses import streamed
from app.survey.promise import is_exact
from app.survey.redact import Redactor, is_redaction

ROWS = 5_000


# ------------------------------------------------------------------ making
def extract(session: Session, facts: WaveFacts, sealed: Sealed, number: int) -> None:
    """Make a wave's comments from its open answers, to be reviewed; with its first release, in the same transaction.

    A later release makes none: it follows erasures, and `forget` has taken those people's comments out.
    """
    if number > 1:
        return
    promise = waves.find(session, facts.wave).promise
    items = {
        group.group: [item.key for item in group.codebook.instrument.items if item.is_comment]
        for group in facts.groups
        if is_exact(promise[group.group], "director")  # else nobody would ever read them
    }
    if not any(items.values()):
        return
    writers = _writers(session, facts.wave, items)
    redact = redactor(session, facts.wave)
    for published in sealed.groups:
        group = published.group
        cells = {item: places(published, writers[group, item]) for item in items.get(group, ())}
        for schools in {cell.schools for of in cells.values() for cell in of.values() if cell.schools is not None}:
            session.add(CommentPool(wave=facts.wave, group=group, schools=list(schools)))
        for item, of in cells.items():
            if of:
                like = {"wave": facts.wave, "release": number, "group": group, "item": item}
                _write(session, like, of, redact)


def _writers(
    session: Session, wave: str, items: Mapping[str, Collection[str]]
) -> dict[tuple[str, str], Counter[str | None]]:
    """(Group, item) -> school -> people who wrote something."""
    found: dict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
    for answers in _answers(session, wave, items):
        for group, school, words in answers:
            for item in items[group]:
                if _says_something(words.get(item)):
                    found[group, item][school] += 1
    return found


def _write(session: Session, like: Mapping[str, Any], cells: Mapping[str | None, Cell], redact: Redactor) -> None:
    """Store the comments on one item, in an order that has nothing to do with that of any other item."""
    for answers in _answers(session, like["wave"], [like["group"]], func.random()):
        rows = [
            {
                **like,
                "id": secrets.token_hex(12),
                "school": cells[school].school,
                "pooled": cells[school].schools is not None,
                "text": redact(words[like["item"]]),
                "status": "pending",
            }
            for _, school, words in answers
            if _says_something(words.get(like["item"]))
        ]
        if rows:
            session.connection().execute(insert(Comment), rows)


def _answers(
    session: Session, wave: str, groups: Collection[str], *order: Any
) -> Iterator[list[tuple[str, str | None, dict[str, Any]]]]:
    """Give the open answers of groups with their schools, a few thousand people at a time."""
    query: Any = core_select(col(SurveyResponse.group), col(SurveyResponse.school), col(SurveyResponse.open_answers))
    chosen = query.where(
        col(SurveyResponse.wave) == wave,
        col(SurveyResponse.group).in_(groups),
        col(SurveyResponse.open_answers).is_not(None),
    )
    for rows in streamed(session, chosen.order_by(*order), ROWS):
        yield [(group, school, orjson.loads(answers)) for group, school, answers in rows]


def _says_something(answer: Any) -> bool:
    return isinstance(answer, str) and answer.strip() != ""


# ------------------------------------------------------------------ reading
@dataclass(frozen=True, slots=True)
class Scope:
    """The comments of a wave that somebody may read, and of these the ones that were asked for."""

    wave: str
    groups: tuple[str, ...]
    schools: frozenset[str] | None  # None: all of them
    with_union: bool
    statuses: tuple[str, ...]
    item: str | None
    simulated: bool


def scope(
    session: Session, wave: str, caller: Caller, *,
    group: str | None = None, school: str | None = None, item: str | None = None, status: str | None = None,
) -> Scope:  # fmt: skip
    """Decide what a caller reads of a wave's comments.

    Raises
    ------
    NotFound : for an unknown wave, and what lies outside the key's limits.
    InvalidRequest : for a filter that names nothing of the wave.
    AudienceNotServed : for a reader who gets no exact results of any of these groups.
    """
    if not caller.serves(wave=wave, group=group, school=school):
        raise NotFound("There is nothing with this key.")
    row = waves.find(session, wave)
    books = {asked: codebook(version) for asked, version in waves.instruments_of(session, wave).items()}
    known: dict[str, Collection[str]] = {
        "group": row.promise,
        "school": row.schools,
        "item": sorted({item.key for book in books.values() for item in book.instrument.items if item.is_comment}),
    }
    faults = [
        Fault(f"?{name}", f"unknown_{name}", f"The wave has no such {name}.", tuple(known[name]))
        for name, given in {"group": group, "school": school, "item": item}.items()
        if given is not None and given not in known[name]
    ]
    if faults:
        raise InvalidRequest("A filter names something that the wave does not have.", faults=faults)
    groups = tuple(
        asked
        for asked, promise in row.promise.items()
        if group in (None, asked) and caller.serves(group=asked) and _reads_exact(caller, promise)
    )
    if not groups:
        raise AudienceNotServed("Comments are for readers of exact results.")
    passed = ("shown", "redacted")
    statuses = ("pending", "withheld", *passed) if caller.directs else passed
    return Scope(
        wave=wave,
        groups=groups,
        schools=caller.schools if school is None else frozenset([school]),
        with_union=school is None,
        statuses=tuple(one for one in statuses if status in (None, one)),
        item=item,
        simulated=row.simulated,
    )


def _reads_exact(caller: Caller, promise: dict[str, Any]) -> bool:
    """Tell whether the caller gets exact results of a group; an attributed one's words are for the director alone."""
    exact = caller.reads_as is not None and is_exact(promise, caller.reads_as)
    return exact and (caller.directs or promise["mode"] == "confidential")


def listed(session: Session, within: Scope, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Give a page of comments in the order of their random ids."""
    pools = _pools(session, within.wave)
    rows, following = page(session, Comment, limit, after, key="id", where=_where(within, pools))
    return [comment_document(row, pools.get(row.group)) for row in rows], following


def counted(session: Session, within: Scope) -> dict[str, int]:
    """Status -> how many comments of the scope have it."""
    query = select(Comment.status, func.count()).where(*_where(within, _pools(session, within.wave)))
    return dict(session.exec(query.group_by(col(Comment.status))).all())


def get(session: Session, within: Scope, identity: str) -> dict[str, Any]:
    """Raises NotFound."""
    pools = _pools(session, within.wave)
    row = session.exec(select(Comment).where(Comment.id == identity, *_where(within, pools))).first()
    if row is None:
        raise NotFound("There is no comment with this id.")
    return comment_document(row, pools.get(row.group))


def _pools(session: Session, wave: str) -> dict[str, list[str]]:
    return {pool.group: pool.schools for pool in session.exec(select(CommentPool).where(CommentPool.wave == wave))}


def _where(within: Scope, pools: Mapping[str, Collection[str]]) -> tuple[Any, ...]:
    chosen: tuple[Any, ...] = (
        col(Comment.wave) == within.wave,
        col(Comment.group).in_(within.groups),
        col(Comment.status).in_(within.statuses),
    )
    if within.item is not None:
        chosen += (col(Comment.item) == within.item,)
    if within.schools is not None:
        holding = [group for group, schools in pools.items() if not within.schools.isdisjoint(schools)]
        cells = [
            col(Comment.school).in_(sorted(within.schools)),
            and_(col(Comment.pooled), col(Comment.group).in_(holding)),
        ]
        chosen += (or_(*cells, *([_IN_UNION] if within.with_union else [])),)
    return chosen


_IN_UNION = and_(col(Comment.school).is_(None), col(Comment.pooled).is_(False))


# ------------------------------------------------------------------ review
def review(
    database: Database, session: Session, wave: str, identity: str, body: ReviewIn, by: Caller,
    check: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:  # fmt: skip
    """Pass, withhold or redact a comment; as it is then.

    Raises
    ------
    NotFound
    InvalidRequest : for a text that differs from the comment by more than marks in the place of passages.
    """
    database.lock_wave(session.connection(), wave)
    row = session.get(Comment, (wave, identity))
    if row is None:
        raise NotFound("There is no comment with this id.")
    pools = _pools(session, wave)
    check(comment_document(row, pools.get(row.group)))
    if body.text is not None:
        if not is_redaction(body.text, row.text):
            fault = Fault("/text", "not_a_redaction", "Replace passages by `[…]`, and leave all else as it is.")
            raise InvalidRequest("The text is another one.", faults=[fault])
        row.text = body.text
    row.status = body.status
    session.add(row)
    record(session, by, f"comment.{body.status}", f"{wave}/{identity}")
    session.flush()
    return comment_document(row, pools.get(row.group))


# ------------------------------------------------------------------ erasure
def forget(session: Session, redact: Redactor, wave: str, group: str, school: str | None, item: str, text: str) -> bool:
    """Remove the one comment that somebody of a group and school wrote on an item; False when there is none.

    It is known by its words: as they are redacted today or, for what an earlier list of names or a person has taken
    out, by what is left of them. Of several that could be it the one that says most goes.

    Parameters
    ----------
    redact : as `names.redactor` gives it.
    text : the answer as it stands in the response.
    """
    pool = session.get(CommentPool, (wave, group))
    cells = [col(Comment.school) == school] if school is not None else []
    cells += [col(Comment.pooled).is_(True)] if pool is not None and (school is None or school in pool.schools) else []
    cells += [_IN_UNION]
    words = redact(text)
    mine = select(Comment).where(Comment.wave == wave, Comment.group == group, Comment.item == item)
    for cell in cells:
        found = session.exec(mine.where(cell, Comment.text == words).limit(1)).first()
        if found is None:
            marked = session.exec(mine.where(cell, col(Comment.text).contains("[")))
            could_be = [row for row in marked if is_redaction(row.text, words) or is_redaction(row.text, text)]
            found = max(could_be, key=lambda row: len(row.text), default=None)
        if found is not None:
            session.delete(found)
            session.flush()
            return True
    return False
