"""One-use access codes: what they look like, and what is stored of them.

Decides alphabet, length and check of a code, and that only its HMAC with the server's secret is kept, which is bound
to one wave, group and school. Spending one is the ledger's, in the transaction of the response.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from hashlib import sha256

import orjson
from sqlmodel import Session, col, delete, select

from app.models.tables import AccessCode, AccessCount

# Of characters that are taken for each other one is left, and the others are read as it.
ALPHABET = "0123456789ACDEFGHJKMNPQRTVWXY"
TWINS = str.maketrans("OILSZBU", "011528V")
SYMBOLS = 12  # 11 random ones of 29, 53 bits, and one that follows from them
GROUPED = 4
NOT_TIED_TO_A_SCHOOL = ""  # how a key of a table spells `"school": null`

Cell = tuple[str, str]
"""Group and school as the tables spell them."""


# ------------------------------------------------------------------ what a code looks like
def new_code() -> str:
    """Make a code, such as `7KQM-2C9T-XH4A`: 29 ** 11 possibilities, 53 bits."""
    symbols = [secrets.randbelow(len(ALPHABET)) for _ in range(SYMBOLS - 1)]
    # 29 is a prime, so a weighted sum that is 0 modulo 29 finds every wrong symbol and every two exchanged ones.
    inverse = pow(SYMBOLS, -1, len(ALPHABET))
    symbols.append(-_weighted(symbols) * inverse % len(ALPHABET))
    text = "".join(ALPHABET[symbol] for symbol in symbols)
    return "-".join(text[start : start + GROUPED] for start in range(0, SYMBOLS, GROUPED))


def plain(typed: str) -> str:
    """Read a code as people type it: case, hyphens, blanks and look-alikes do not matter."""
    return "".join(typed.replace("-", "").split()).upper().translate(TWINS)


def mistyped(typed: str) -> bool:
    """Tell whether this cannot be a code, by its length, its characters or its check; asks nobody."""
    text = plain(typed)
    if len(text) != SYMBOLS or not set(text) <= set(ALPHABET):
        return True
    return _weighted([ALPHABET.index(symbol) for symbol in text]) % len(ALPHABET) != 0


def _weighted(symbols: list[int]) -> int:
    return sum(weight * symbol for weight, symbol in enumerate(symbols, 1))


# ------------------------------------------------------------------ what is kept of it
def fingerprint(secret: bytes, wave: str, group: str, school: str | None, typed: str) -> str:
    """Give the HMAC by which a code is found; in another cell the same code has another."""
    named = orjson.dumps(["code", wave, group, school, plain(typed).encode("utf-8", "surrogatepass").hex()])
    return hmac.digest(secret, named, sha256).hex()


def keep(session: Session, wave: str, cell: Cell, fingerprints: Collection[str]) -> None:
    """Store new codes and count them."""
    group, school = cell
    count = session.get(AccessCount, (wave, group, school)) or AccessCount(wave=wave, group=group, school=school)
    count.issued += len(fingerprints)
    session.add(count)
    session.add_all(  # in the order of their fingerprints, which is that of nothing else
        AccessCode(wave=wave, code_hmac=one, group=group, school=school) for one in sorted(fingerprints)
    )
    session.flush()


def counts(session: Session, wave: str) -> dict[Cell, AccessCount]:
    """Give how many codes were made and spent, by cell."""
    found = session.exec(select(AccessCount).where(AccessCount.wave == wave)).all()
    return {(count.group, count.school): count for count in found}


def void(session: Session, wave: str, cell: Cell, *, freed: bool) -> None:
    """Make the unspent codes of a cell worthless; `freed`: as many may be made again."""
    group, school = cell
    session.exec(
        delete(AccessCode)
        .where(col(AccessCode.wave) == wave)
        .where(col(AccessCode.group) == group, col(AccessCode.school) == school)
    )
    count = session.get(AccessCount, (wave, group, school))
    if count is not None and freed:
        count.issued = count.spent


def forget(session: Session, wave: str) -> None:
    """Remove the unspent codes of a wave that has closed; the counts stay."""
    session.exec(delete(AccessCode).where(col(AccessCode.wave) == wave))


def keep_only(session: Session, wave: str, cells: Collection[Cell]) -> None:
    """Remove the codes and the counts of all other cells, before the wave has opened."""
    for cell, count in counts(session, wave).items():
        if cell not in cells:
            void(session, wave, cell, freed=True)
            session.delete(count)
