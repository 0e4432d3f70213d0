"""Who may answer: signed links where a group's access is open, one-use codes where it is not.

Decides what opens a survey page. What a code is spent on, `ledger.py` decides, in the response's transaction.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode

import orjson

_LINK_BYTES = 12  # 96 bits, 16 characters in an address


def link(secret: bytes, wave: str, group: str, school: str | None) -> str:
    """Sign the survey address of a wave, a group and a school: the `k` of `/s/{wave}/{group}[/{school}]?k=...`.

    The same at every call with the same secret (at most 64 bytes of it are used), stored nowhere.
    """
    named = orjson.dumps(["link", wave, group, school])
    mac = hashlib.blake2b(named, key=secret[:64], digest_size=_LINK_BYTES)
    return urlsafe_b64encode(mac.digest()).decode()


def valid_link(secret: bytes, wave: str, group: str, school: str | None, given: str) -> bool:
    """Tell whether a signature is that of the address, in constant time."""
    expected = link(secret, wave, group, school).encode()
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected)
