"""The tables. A table is never a request body: it does not validate when constructed.

Keys of things are their natural keys. A response row holds no address, agent, token or time finer than the day; its
place in the table follows from its random id, not from when it came.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
)
from sqlmodel import Field, SQLModel

from app.db import UtcTime


def _slug(**more: Any) -> Any:
    return Field(max_length=64, **more)


class School(SQLModel, table=True):
    key: str = _slug(primary_key=True)
    name: str = Field(max_length=200)
    district: str | None = Field(default=None, max_length=200)


class InstrumentVersion(SQLModel, table=True):
    """One immutable version of an instrument."""

    __tablename__ = "instrument_version"
    key: str = _slug(primary_key=True)
    version: int = Field(primary_key=True)
    group: str = Field(max_length=16)
    definition: dict[str, Any] = Field(sa_type=JSON)
    digest: str = Field(max_length=71)


class Wave(SQLModel, table=True):
    """One administration.

    `revision` is a random mark, new at every change: a writer can tell a stale copy. `erased`: a response was erased
    since the newest release. `rows_removed_on`: the day on which its responses went, releases staying. A trigger
    refuses a promise that is looser than the one that stands, once the wave has opened. `access`: group -> `open` or
    `code`; a group that is not named is open.
    """

    key: str = _slug(primary_key=True)
    title: str = Field(max_length=200)
    simulated: bool = False
    opens_at: datetime = Field(sa_type=UtcTime)
    closes_at: datetime = Field(sa_type=UtcTime)
    time_zone: str = Field(max_length=64)
    schools: list[str] = Field(sa_type=JSON)
    promise: dict[str, Any] = Field(sa_type=JSON)
    access: dict[str, str] = Field(default_factory=dict, sa_type=JSON, sa_column_kwargs={"server_default": "{}"})
    kept_hidden: dict[str, list[str]] = Field(
        default_factory=dict, sa_type=JSON, sa_column_kwargs={"server_default": "{}"}
    )
    revision: int = 1
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    closing_counts: list[list[Any]] | None = Field(default=None, sa_type=JSON)
    erased: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    rows_removed_on: date | None = None
    roster_source: str | None = Field(default=None, max_length=200)
    roster_unit: str | None = Field(default=None, max_length=16)


class WaveInstrument(SQLModel, table=True):
    """Which version of which instrument a group gets in a wave."""

    __tablename__ = "wave_instrument"
    __table_args__ = (
        ForeignKeyConstraint(["wave"], ["wave.key"], ondelete="CASCADE"),
        ForeignKeyConstraint(["key", "version"], ["instrument_version.key", "instrument_version.version"]),
    )
    wave: str = _slug(primary_key=True)
    group: str = Field(max_length=16, primary_key=True)
    key: str = _slug()
    version: int


class RosterLine(SQLModel, table=True):
    """How many people were eligible; `school` is empty for people not tied to one."""

    __tablename__ = "roster"
    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"], ondelete="CASCADE"),)
    wave: str = _slug(primary_key=True)
    group: str = Field(max_length=16, primary_key=True)
    school: str = _slug(primary_key=True)
    eligible: int = Field(sa_type=BigInteger)


class AccessCode(SQLModel, table=True):
    """An unspent one-use code: its HMAC with the server's secret. The row goes in the transaction of its response."""

    __tablename__ = "access_code"
    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"], ondelete="CASCADE"), {"sqlite_with_rowid": False})
    wave: str = _slug(primary_key=True)
    code_hmac: str = Field(max_length=64, primary_key=True)
    group: str = Field(max_length=16)
    school: str = _slug()


class AccessCount(SQLModel, table=True):
    """How many codes a cell was given, and how many of them were spent; never which."""

    __tablename__ = "access_count"
    __table_args__ = (
        ForeignKeyConstraint(["wave"], ["wave.key"], ondelete="CASCADE"),
        CheckConstraint("0 <= spent AND spent <= issued", name="spent_of_issued"),
    )
    wave: str = _slug(primary_key=True)
    group: str = Field(max_length=16, primary_key=True)
    school: str = _slug(primary_key=True)
    issued: int = Field(default=0, sa_type=BigInteger)
    spent: int = Field(default=0, sa_type=BigInteger)


class SurveyResponse(SQLModel, table=True):
    """One person's completed questionnaire, as a fixed-width record and open answers (JSON)."""

    __tablename__ = "survey_response"
    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"]), {"sqlite_with_rowid": False})
    wave: str = _slug(primary_key=True)
    id: str = Field(max_length=36, primary_key=True)
    group: str = Field(max_length=16)
    school: str | None = _slug(default=None)
    locale: str | None = Field(default=None, max_length=35)
    record: str = Field(sa_type=Text)
    open_answers: str | None = Field(default=None, sa_type=Text)
    promise_digest: str = Field(max_length=32)
    received_on: date


class WithdrawnResponse(SQLModel, table=True):
    """The id of a response that its sender took back; it stays spent."""

    __tablename__ = "withdrawn_response"
    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"]), {"sqlite_with_rowid": False})
    wave: str = _slug(primary_key=True)
    id: str = Field(max_length=36, primary_key=True)


class Release(SQLModel, table=True):
    """An immutable, numbered publication of one wave's protected figures, with the tallies it was made from."""

    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"]),)
    wave: str = _slug(primary_key=True)
    number: int = Field(primary_key=True)
    definitions: str = Field(max_length=16)
    tallies: bytes = Field(sa_type=LargeBinary)
    released_at: datetime = Field(sa_type=UtcTime)


class ReleaseDocument(SQLModel, table=True):
    """What one audience reads of a release: canonical JSON, compressed, with its digest."""

    __tablename__ = "release_document"
    __table_args__ = (ForeignKeyConstraint(["wave", "number"], ["release.wave", "release.number"]),)
    wave: str = _slug(primary_key=True)
    number: int = Field(primary_key=True)
    audience: str = Field(max_length=16, primary_key=True)
    digest: str = Field(max_length=71)
    document: bytes = Field(sa_type=LargeBinary)


class Comment(SQLModel, table=True):
    """What one person wrote on one item, redacted, and the one published cell that it belongs to.

    A school, the pool of the group (`pooled`), or the union (neither). Nothing leads back to the response, and the
    order of the random ids is that of nothing else.
    """

    __table_args__ = (
        ForeignKeyConstraint(["wave", "release"], ["release.wave", "release.number"]),
        {"sqlite_with_rowid": False},
    )
    wave: str = _slug(primary_key=True)
    id: str = Field(max_length=32, primary_key=True)
    release: int
    group: str = Field(max_length=16)
    item: str = _slug()
    school: str | None = _slug(default=None)
    pooled: bool = False
    text: str = Field(sa_type=Text)
    status: str = Field(max_length=16)


class CommentPool(SQLModel, table=True):
    """The schools of the pool that a group's comments may belong to, once for all of them."""

    __tablename__ = "comment_pool"
    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"]),)
    wave: str = _slug(primary_key=True)
    group: str = Field(max_length=16, primary_key=True)
    schools: list[str] = Field(sa_type=JSON)


class NameList(SQLModel, table=True):
    """The names that are taken out of the comments of a wave."""

    __tablename__ = "name_list"
    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"], ondelete="CASCADE"),)
    wave: str = _slug(primary_key=True)
    names: list[str] = Field(sa_type=JSON)


class Goal(SQLModel, table=True):
    """A goal: as it was put (`document`), and the figure of a release that it began with (`baseline`).

    `fixed_at`: since when finding and target stand; waves that had closed by then do not decide about it.
    """

    key: str = _slug(primary_key=True)
    fixed_at: datetime = Field(sa_type=UtcTime)
    document: dict[str, Any] = Field(sa_type=JSON)
    baseline: dict[str, Any] = Field(sa_type=JSON)


class Activity(SQLModel, table=True):
    """A meeting, a visit or a day of learning: as it was put (`document`).

    `uid` names it in calendars, `sequence` counts its changes for them, and `changed_at` is the time of the last one.
    `first_at` and `last_at` bound its occurrences.
    """

    key: str = _slug(primary_key=True)
    uid: str = Field(max_length=32)
    kind: str = Field(max_length=32)
    status: str = Field(max_length=16)
    first_at: datetime = Field(sa_type=UtcTime, index=True)
    last_at: datetime = Field(sa_type=UtcTime)
    sequence: int = 0
    changed_at: datetime = Field(sa_type=UtcTime)
    document: dict[str, Any] = Field(sa_type=JSON)


class CalendarFeed(SQLModel, table=True):
    """A secret address of a calendar: only a hash of its token is stored. None limits nothing."""

    __tablename__ = "calendar_feed"
    id: str = Field(max_length=32, primary_key=True)
    name: str = Field(max_length=200)
    token_hash: str = Field(max_length=64, unique=True)
    schools: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    kinds: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    created_at: datetime = Field(sa_type=UtcTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ObservationPlan(SQLModel, table=True):
    """A plan to visit every school: what was asked for (`document`), and the visits, as proposed or as edited."""

    __tablename__ = "observation_plan"
    key: str = _slug(primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSON)
    visits: list[dict[str, Any]] = Field(sa_type=JSON)
    edited: bool = False
    accepted_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ApiKey(SQLModel, table=True):
    """A key; only a hash of its secret is stored."""

    __tablename__ = "api_key"
    id: str = Field(max_length=32, primary_key=True)
    name: str = Field(max_length=200)
    role: str = Field(max_length=16)
    schools: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    waves: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    groups: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    audience: str | None = Field(default=None, max_length=16)
    publishable: bool = False
    secret_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcTime)


class BrowserSession(SQLModel, table=True):
    """Somebody signed in to the pages: a hash of what the browser holds, and the key that it stands for.

    `expires_at` moves on while the pages are used, up to a day's work after `created_at`.
    """

    __tablename__ = "browser_session"
    __table_args__ = (ForeignKeyConstraint(["key_id"], ["api_key.id"]), {"sqlite_with_rowid": False})
    token_hash: str = Field(max_length=64, primary_key=True)
    key_id: str = Field(max_length=32)
    created_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)


class AuditEvent(SQLModel, table=True):
    """Who did what that can be asked about later; never an answer, a code or a secret."""

    __tablename__ = "audit_event"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime, index=True)
    key_id: str | None = Field(default=None, max_length=32)
    action: str = Field(max_length=64)
    subject: str = Field(max_length=200)


class ChangeEvent(SQLModel, table=True):
    """Something that happened to a wave, for those who follow: `opened`, `closed` or `released`.

    Numbers are given one after the other, each by a transaction that ends before the next number is given: whoever sees
    one has seen all below it. `release` is 0 where there is none, so that the database keeps an event from being noted
    twice.
    """

    __tablename__ = "change_event"
    __table_args__ = (ForeignKeyConstraint(["wave"], ["wave.key"]), UniqueConstraint("wave", "kind", "release"))
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: str = Field(max_length=32, unique=True)
    kind: str = Field(max_length=16)
    wave: str = _slug()
    release: int = 0
    at: datetime = Field(sa_type=UtcTime)


class Webhook(SQLModel, table=True):
    """An address that is told what happens. Its signing secret is derived, not stored. None limits nothing."""

    id: str = Field(max_length=32, primary_key=True)
    url: str = Field(max_length=2000)
    events: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    waves: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    description: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(sa_type=UtcTime)
    last_delivered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcTime)


class WebhookDelivery(SQLModel, table=True):
    """One message for one webhook; its body was fixed when it was queued, and holds no figure.

    `due_at` is when it is tried next, and None once nothing is to be done. Whoever tries it moves it ahead first, so
    that one server tries at a time, and another goes on if that one has ended.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (ForeignKeyConstraint(["webhook"], ["webhook.id"], ondelete="CASCADE"),)
    id: str = Field(max_length=48, primary_key=True)
    webhook: str = Field(max_length=32, index=True)
    type: str = Field(max_length=32)
    body: str = Field(sa_type=Text)
    status: str = Field(max_length=16)
    created_at: datetime = Field(sa_type=UtcTime)
    queued_at: datetime = Field(sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime, index=True)
    attempts: int = 0
    attempts_left: int
    attempted_at: datetime | None = Field(default=None, sa_type=UtcTime)
    status_code: int | None = None
    error: str | None = Field(default=None, max_length=32)
