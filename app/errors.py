"""The catalogue of problems: every way a request can fail, named by what happened.

A problem knows its slug, title and status; whoever raises it adds the detail. It knows nothing of HTTP frameworks:
`web/problems.py` turns one into an RFC 9457 document, `cli.py` into a line on stderr.

    Problem
    +-- BadRequest family      malformed-json, body-too-large, unsupported-media-type, invalid-request, answers-invalid
    +-- access                 unauthorized, forbidden, audience-not-served, access-code-invalid, not-found
    +-- pace                   rate-limited
    +-- state of things        wave-*, response-*, instrument-*, results-not-released, precondition-failed
    +-- the server             store-unavailable, release-leaks, internal-error
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input: where it is, a stable code, a sentence, and what would have been right.

    `pointer` is a JSON pointer into the body, or `?name` for a query parameter.
    """

    pointer: str
    code: str
    detail: str
    expected: tuple[Any, ...] | None = None

    def document(self) -> dict[str, Any]:
        where = "parameter" if self.pointer.startswith("?") else "pointer"
        out: dict[str, Any] = {where: self.pointer.removeprefix("?"), "code": self.code, "detail": self.detail}
        if self.expected is not None:
            out["expected"] = list(self.expected)
        return out


def pointer(*parts: str | int) -> str:
    """Join parts to a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


CATALOGUE: dict[str, type[Problem]] = {}


class Problem(Exception):
    """Something that went wrong and can be told to the caller. Subclasses are the catalogue."""

    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"
    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str = "",
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.extra = extra

    def __init_subclass__(cls) -> None:
        CATALOGUE[cls.slug] = cls

    def document(self, instance: str) -> dict[str, Any]:
        """Give the RFC 9457 document of this problem for the request at `instance`."""
        out: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            **self.extra,
        }
        if self.faults:
            out["errors"] = [fault.document() for fault in self.faults]
        return out


# ------------------------------------------------------------------ the request itself
class MalformedJson(Problem):
    slug, title, status = "malformed-json", "The body is not valid JSON", 400


class ClientGone(Problem):
    slug, title, status = "client-gone", "The connection ended before the body was complete", 400


class RequestTimeout(Problem):
    slug, title, status = "request-timeout", "The body did not arrive in time", 408


class BodyTooLarge(Problem):
    slug, title, status = "body-too-large", "The body is larger than this endpoint takes", 413


class UnsupportedMediaType(Problem):
    slug, title, status = "unsupported-media-type", "The body is of a media type that this endpoint does not take", 415


class NotAcceptable(Problem):
    slug, title, status = "not-acceptable", "This resource has no representation that the request accepts", 406


class InvalidRequest(Problem):
    slug, title, status = "invalid-request", "The request has faults", 422


class AnswersInvalid(Problem):
    slug, title, status = "answers-invalid", "The response has faults", 422


class BadRequest(Problem):
    slug, title, status = "bad-request", "The request cannot be understood", 400


# ------------------------------------------------------------------ who may
class Unauthorized(Problem):
    slug, title, status = "unauthorized", "A valid key is needed", 401

    def __init__(self, detail: str = "Send `Authorization: Bearer <key>` with a key that is valid now.") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="soundings"'})


class Forbidden(Problem):
    slug, title, status = "forbidden", "This key may not do that", 403


class AudienceNotServed(Problem):
    slug, title, status = "audience-not-served", "No results are published for this key's audience", 403


class AccessCodeInvalid(Problem):
    slug, title, status = "access-code-invalid", "This access code cannot be used", 403


class RateLimited(Problem):
    slug, title, status = "rate-limited", "Too many requests, come back later", 429

    def __init__(self, detail: str = "", *, retry_after: int = 60) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class NotFound(Problem):
    slug, title, status = "not-found", "There is no such thing here", 404


class MethodNotAllowed(Problem):
    slug, title, status = "method-not-allowed", "This resource does not take that method", 405


# ------------------------------------------------------------------ the state of things
class PreconditionFailed(Problem):
    slug, title, status = "precondition-failed", "The resource has changed since you read it", 412


class SchoolInUse(Problem):
    slug, title, status = "school-in-use", "The school is part of a wave", 409


class InstrumentIncompatible(Problem):
    slug, title, status = "instrument-incompatible", "An item keeps its key but changes its meaning", 409


class NotExpressible(Problem):
    slug, title, status = "not-expressible", "The instrument cannot be said in this form", 409


class WaveStarted(Problem):
    slug, title, status = "wave-started", "The wave has opened and can no longer be changed that way", 409


class PromiseLoosened(Problem):
    slug, title, status = "promise-loosened", "A promise made to respondents can only become stricter", 409


class WaveOpen(Problem):
    slug, title, status = "wave-open", "The wave is still open", 409


class WaveNotOpen(Problem):
    slug, title, status = "wave-not-open", "The wave is not open for responses", 409


class WaveClosed(Problem):
    slug, title, status = "wave-closed", "The wave has closed", 409


class RosterFrozen(Problem):
    slug, title, status = "roster-frozen", "The roster can no longer be replaced, the wave has a release", 409


class CodesExceedRoster(Problem):
    slug, title, status = "codes-exceed-roster", "There would be more access codes than people in the roster", 409


class ResponseConflict(Problem):
    slug, title, status = "response-conflict", "Another response with this id is already stored", 409


class ResponseWithdrawn(Problem):
    slug, title, status = "response-withdrawn", "The response with this id was withdrawn", 409


class ResultsNotReleased(Problem):
    slug, title, status = "results-not-released", "There are no published results yet", 409


class WeightsImpossible(Problem):
    slug, title, status = "weights-impossible", "The responses cannot be weighted to the roster", 409


class KeyTaken(Problem):
    slug, title, status = "key-taken", "Something else has this key", 409


class ActivitiesOverlap(Problem):
    slug, title, status = "activities-overlap", "Somebody would be in two places at once", 409


class PlanAccepted(Problem):
    slug, title, status = "plan-accepted", "The plan has become activities", 409


class GoalMeasured(Problem):
    slug, title, status = "goal-measured", "What decides about the goal can no longer be changed", 409


# ------------------------------------------------------------------ the server
class StoreUnavailable(Problem):
    slug, title, status = "store-unavailable", "The store cannot take this now; nothing was kept, send it again", 503

    def __init__(self, detail: str = "", *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class ReleaseLeaks(Problem):
    slug, title, status = "release-leaks", "The release would tell of too few people and was not made", 500


class InternalError(Problem):
    slug, title, status = "internal-error", "Something went wrong on our side", 500


# ------------------------------------------------------------------ from pydantic's errors to faults
_CODES = {"missing": "required", "extra_forbidden": "unknown_field"}


def faults_from(errors: Sequence[Mapping[str, Any]], *prefix: str | int) -> list[Fault]:
    """Turn pydantic's error list into faults with JSON pointers below `prefix`.

    Parts of a location that pydantic adds for itself (union tags in «», `[key]`) are left out.
    """
    out = []
    for error in errors:
        parts = [p for p in error["loc"] if not (isinstance(p, str) and (p == "[key]" or p.startswith("«")))]
        context = error.get("ctx") or {}
        expected = (context["expected"],) if isinstance(context.get("expected"), str) else None
        detail = str(error["msg"]).removeprefix("Value error, ")
        out.append(Fault(pointer(*prefix, *parts), _CODES.get(error["type"], error["type"]), detail, expected))
    return out
