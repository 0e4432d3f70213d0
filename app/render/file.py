"""A file to be saved or shown: bytes, what they are, and a good name for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """What a format module gives.

    Attributes
    ----------
    body : the bytes.
    media_type : as in `Content-Type`.
    name : a file name of ASCII letters, digits, `.`, `-` and `_`, such as `2022-fall-erving-summary.xlsx`.
    """

    body: bytes
    media_type: str
    name: str
