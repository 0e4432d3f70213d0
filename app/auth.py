"""Roles and keys: who a caller is and what each role may do.

Decides what a secret looks like and what is kept of it. Knows nothing of storage or of HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Role = Literal["collector", "principal", "reporter", "director", "admin"]
Audience = Literal["director", "principal", "public"]

EVERYONE: tuple[Role, ...] = ("collector", "principal", "reporter", "director", "admin")
READERS: tuple[Role, ...] = ("principal", "reporter", "director", "admin")
DIRECTORS: tuple[Role, ...] = ("director", "admin")
SENDERS: tuple[Role, ...] = ("collector", "director", "admin")
ADMINS: tuple[Role, ...] = ("admin",)


@dataclass(frozen=True, slots=True)
class Caller:
    """A valid key, as what it may do. A limit of None is no limit."""

    id: str
    name: str
    role: Role
    schools: frozenset[str] | None = None
    waves: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    audience: Audience | None = None
    publishable: bool = False
    expires_at: datetime | None = None

    @property
    def reads_as(self) -> Audience | None:
        """The audience whose documents the caller reads; None reads none."""
        fixed: dict[str, Audience] = {"director": "director", "admin": "director", "principal": "principal"}
        return self.audience if self.role == "reporter" else fixed.get(self.role)

    @property
    def directs(self) -> bool:
        return self.role in DIRECTORS

    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)

    def serves(self, *, wave: str | None = None, group: str | None = None, school: str | None = None) -> bool:
        """Tell whether nothing given lies outside the key's limits."""
        return (
            (wave is None or self.waves is None or wave in self.waves)
            and (group is None or self.groups is None or group in self.groups)
            and (school is None or self.schools is None or school in self.schools)
        )


def new_secret() -> str:
    """Make the secret of a key: 256 random bits."""
    return "snd_" + secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """Give what is stored of a secret. It has 256 random bits, so a plain hash cannot be searched back."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def withdrawal_code(signing_secret: bytes, wave: str, response: str) -> str:
    """Derive the code that takes a response back: 80 bits, the same at every replay, stored nowhere."""
    # Keyed BLAKE2b: a MAC by itself, and a tenth of the time that OpenSSL's HMAC takes on the path of every response.
    mac = hashlib.blake2b(f"withdraw\n{wave}\n{response}".encode(), key=signing_secret[:64], digest_size=10)
    code = b32encode(mac.digest()).decode()
    return f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}"


def webhook_secret(signing_secret: bytes, webhook: str) -> str:
    """Derive what the messages of a webhook are signed with: 256 bits, in the form of Standard Webhooks."""
    mac = hashlib.blake2b(f"webhook\n{webhook}".encode(), key=signing_secret[:64], digest_size=32)
    return "whsec_" + b64encode(mac.digest()).decode()


def same_code(given: str, expected: str) -> bool:
    """Compare codes as people type them, in constant time."""
    plain = given.replace("-", "").replace(" ", "").upper().encode("utf-8", "surrogateescape")
    return hmac.compare_digest(plain, expected.replace("-", "").encode())
