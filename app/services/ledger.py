"""One transaction of the response writer: what becomes of each row of a batch.

Decides verdicts, inside the transaction that stores the rows: whether the wave is open, by the database's clock and
under the wave's lock; whether an id is new, a replay, a conflict or withdrawn; whether the access code that a row
brings can be spent. Knows nothing of threads, processes or instruments: it is handed records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple

from app.services.store import Row, Store

Status = Literal["accepted", "replayed", "conflict", "withdrawn", "not_open", "stale", "code_invalid"]


class Verdict(NamedTuple):
    """What became of a row; the promise is the one that stands with the stored response."""

    status: Status
    promise_digest: str = ""


class Submission(NamedTuple):
    """Rows that are stored all or not at all, and the revision of the wave that they were checked against."""

    revision: int
    rows: Sequence[Row]


Outcome = list[Verdict] | str
"""A verdict for each row of a submission, or the name of the error for which nothing of it was kept."""


class Ledger:
    """Commits batches on one connection, which is opened when needed and again after a failure."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: Any = None

    def enter(self, batch: Sequence[Submission]) -> list[Outcome]:
        """Commit a batch; when that fails, each submission by itself, so that one bad row takes nobody with it."""
        connection = self._connection
        try:
            return list(self._decide(batch))
        except Exception as error:
            lost = connection is not None and self._store.is_lost(connection)  # it was idle, and the server ended it
            if len(batch) == 1 and not lost:
                return [type(error).__name__]
        outcomes: list[Outcome] = []
        for submission in batch:
            try:
                outcomes += self._decide([submission])
            except Exception as error:
                outcomes.append(type(error).__name__)
        return outcomes

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Give a cursor in a transaction that is committed at the end, or not at all if anything is raised."""
        if self._connection is None:
            self._connection = self._store.connect()
        connection, cursor = self._connection, None
        try:
            cursor = connection.cursor()
            cursor.execute(self._store.begin)
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            self._connection = None  # what a failed commit has left behind goes with its connection
            with suppress(Exception):
                connection.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _decide(self, batch: Sequence[Submission]) -> list[list[Verdict]]:
        with self.transaction() as cursor:
            return self._verdicts(cursor, batch)

    def _verdicts(self, cursor: Any, batch: Sequence[Submission]) -> list[list[Verdict]]:
        store = self._store
        ids: dict[str, set[str]] = {}
        for submission in batch:
            for row in submission.rows:
                ids.setdefault(row.wave, set()).add(row.id)
        waves = {wave: store.look(cursor, wave) for wave in sorted(ids)}
        gone = {wave: store.withdrawn(cursor, wave, ids[wave]) for wave in ids if waves[wave].withdrawals}

        def may_enter(row: Row, revision: int) -> bool:
            now = waves[row.wave]
            return now.is_open and now.revision == revision and row.id not in gone.get(row.wave, ())

        entering = [row for s in batch for row in s.rows if may_enter(row, s.revision)]
        coded = any(row.code is not None for row in entering)
        if coded:
            entering = self._payable(cursor, entering)
        candidates: dict[tuple[str, str], Row] = {}
        for row in entering:
            candidates.setdefault((row.wave, row.id), row)
        # In the order of the key, so that two writers never wait for each other in a circle.
        inserted = store.insert(cursor, [candidates[key] for key in sorted(candidates)]) if candidates else set()
        if coded:
            inserted -= self._unpaid(cursor, [candidates[key] for key in sorted(inserted)])

        def is_new(row: Row) -> bool:
            key = (row.wave, row.id)
            return key in inserted and candidates[key] is row

        known: dict[tuple[str, str], Row] = {}
        for wave in ids:
            asked = {row.id for s in batch for row in s.rows if row.wave == wave and not is_new(row)}
            if asked:
                known |= {(wave, row.id): row for row in store.standing(cursor, wave, asked)}

        def verdict(row: Row, revision: int) -> Verdict:
            if is_new(row):
                return Verdict("accepted", row.promise_digest)
            if (there := known.get((row.wave, row.id))) is not None:
                return Verdict("replayed" if there.content == row.content else "conflict", there.promise_digest)
            if row.id in gone.get(row.wave, ()):
                return Verdict("withdrawn")
            if row.code is not None and may_enter(row, revision):
                return Verdict("code_invalid")  # nothing else can have kept it out
            return Verdict("not_open" if waves[row.wave].revision == revision else "stale")

        return [[verdict(row, submission.revision) for row in submission.rows] for submission in batch]

    # ------------------------------------------------------------ access codes
    def _payable(self, cursor: Any, rows: Sequence[Row]) -> list[Row]:
        """Leave out the rows whose code cannot be spent; a row with a stored id spends none, whatever it brings."""
        free: set[tuple[str, str]] = set()  # ids that cost nothing, or are paid for by a row before
        left: set[tuple[str, str]] = set()
        for wave, coded in _coded(rows):
            free |= {(wave, row.id) for row in self._store.standing(cursor, wave, {row.id for row in coded})}
            left |= {(wave, code) for code in self._store.unspent(cursor, wave, {str(row.code) for row in coded})}
        out = []
        for row in rows:
            if row.code is not None and (row.wave, row.id) not in free:
                if (row.wave, row.code) not in left:
                    continue
                left.discard((row.wave, row.code))  # the first of those that bring the same code has it
                free.add((row.wave, row.id))
            out.append(row)
        return out

    def _unpaid(self, cursor: Any, inserted: Sequence[Row]) -> set[tuple[str, str]]:
        """Spend the codes of inserted rows, and take out those whose code another writer has spent meanwhile."""
        out: set[tuple[str, str]] = set()
        for wave, coded in _coded(inserted):
            spent = self._store.spend(cursor, wave, {str(row.code) for row in coded})
            if without := [row.id for row in coded if row.code not in spent]:
                self._store.take_out(cursor, wave, without)
                out |= {(wave, identity) for identity in without}
        return out


def _coded(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Give the rows with a code by wave, in one order for all writers."""
    by_wave: dict[str, list[Row]] = {}
    for row in rows:
        if row.code is not None:
            by_wave.setdefault(row.wave, []).append(row)
    return sorted(by_wave.items())
