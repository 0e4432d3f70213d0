"""How fast one may ask: publishable keys and survey pages by key and by address, wrong access codes by wave.

Decides what is too fast. Addresses are kept in the memory of this process alone, and only until they no longer matter;
they are never stored or logged. Each process counts for itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from math import ceil
from time import monotonic

from app.errors import AccessCodeInvalid, RateLimited

WRONG_CODES = 30  # wrong codes a minute that one sender may bring to a wave
LONGEST_S = 3600.0  # nobody is kept out longer for what was sent before
REMEMBERED = 100_000  # senders, at most

Who = tuple[str, ...]


class Gate:
    """Lets so many requests a minute through, evenly or in a burst of a minute's worth.

    The generic cell rate algorithm: of each sender one number is kept, the time at which its requests so far would all
    have been due at the even rate. Any thread may ask.
    """

    def __init__(self, a_peer: int, a_key: int, clock: Callable[[], float] = monotonic) -> None:
        self.a_peer, self.a_key = a_peer, a_key
        self._clock = clock
        self._due: dict[Who, float] = {}
        self._lock = threading.Lock()

    def allow(self, peer: str, key: str | None = None) -> None:
        """Count a request of a peer, and of a key. Raises RateLimited, and then it is not counted."""
        asked: list[tuple[Who, int]] = [(("peer", network(peer)), self.a_peer)]
        if key is not None:
            asked.append((("key", key), self.a_key))
        with self._lock:
            for who, rate in asked:
                self._check(who, rate)
            for who, rate in asked:
                self._count(who, rate, 1)

    @contextmanager
    def guesses(self, key: str, peer: str, wave: str) -> Iterator[Callable[[int], None]]:
        """Watch over an attempt to spend codes: whoever brought too many wrong ones has to wait, with a right one too.

        A wrong code that the block raises is counted; others are counted by calling what it is given.

        Raises
        ------
        RateLimited : instead of running the block.
        """
        who = ("codes", key, network(peer), wave)

        def count(wrong: int) -> None:
            if wrong:
                with self._lock:
                    self._count(who, WRONG_CODES, wrong)

        with self._lock:
            self._check(who, WRONG_CODES)
        try:
            yield count
        except AccessCodeInvalid:
            count(1)
            raise

    def forget(self) -> None:
        """Forget whom waiting has made equal to everybody else; called now and then."""
        with self._lock:
            self._sweep(self._clock())

    # ------------------------------------------------------------ the algorithm, under the lock
    def _check(self, who: Who, rate: int) -> None:
        interval = 60 / rate
        wait = self._due.get(who, 0.0) - self._clock() - (rate - 1) * interval
        if wait > 1e-9:
            raise RateLimited("Too many requests from here; nothing was kept.", retry_after=max(1, ceil(wait)))

    def _count(self, who: Who, rate: int, times: int) -> None:
        now = self._clock()
        if len(self._due) >= REMEMBERED:
            self._sweep(now)
        self._due[who] = min(max(now, self._due.get(who, 0.0)) + times * 60 / rate, now + LONGEST_S)

    def _sweep(self, now: float) -> None:
        self._due = {who: due for who, due in self._due.items() if due > now}
        if len(self._due) >= REMEMBERED:
            self._due.clear()


def network(peer: str) -> str:
    """Give what one sender can hardly change: the address, of IPv6 the 64 bits that name a network."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else peer
