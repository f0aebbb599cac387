"""Reports taken in: read, kept once, and told what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mailwake.errors import Unreadable
from mailwake.events import SECOND, Micros
from mailwake.postmaster.dmarc import DAY, read_dmarc
from mailwake.postmaster.unpacking import documents
from mailwake.store.postmaster.rows import DmarcReport
from mailwake.store.state import StateStore

#: Reports and figures are kept so long: a year, and the month that it is held against.
KEPT_DAYS = 400
#: Whoever mails made-up reports all day must not fill the disk. Three hundred providers report once a day.
MOST_A_DAY = 5_000
_OPERATOR_CHARS = 100


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one document, or of a file that none could be got out of."""

    #: kept, known (its organisation's report of that number on that domain was kept before), or refused
    what: str
    report: DmarcReport | None = None
    copies: int = 0
    #: lines that say what cannot be, by reason
    left_out: dict[str, int] = field(default_factory=dict)
    #: of a refusal
    why: str = ""


class Intake:
    """Takes reports in.

    Args:
        state: where they are kept.
        operator: whose network an address is in; None: not known.
        clock: gives microseconds since 1970.
    """

    def __init__(
        self, state: StateStore, operator: Callable[[str], str | None], *, clock: Callable[[], Micros]
    ) -> None:
        self._state, self._operator, self._clock = state, operator, clock

    def take(self, raw: bytes) -> list[Outcome]:
        """Take in everything that a file or a mail holds; the same again changes nothing.

        Returns:
            One outcome per report; empty: there is none in it.

        Raises:
            Unavailable: the store is away; nothing is lost if it is taken again.
        """
        try:
            found = documents(raw)
        except Unreadable as fault:
            return [Outcome(what="refused", why=str(fault))]
        return list(self._each(found))

    def forget(self) -> None:
        """Drop what is older than `KEPT_DAYS`."""
        before = Micros(self._clock() - KEPT_DAYS * DAY * SECOND)
        self._state.forget_told(before=before, day=f"{datetime.fromtimestamp(before / SECOND, UTC):%Y-%m-%d}")

    def _each(self, found: list[bytes]) -> Iterator[Outcome]:
        for each in found:
            try:
                yield self._keep(each)
            except Unreadable as fault:
                yield Outcome(what="refused", why=str(fault))

    def _keep(self, document: bytes) -> Outcome:
        now = self._clock()
        told = read_dmarc(document, now=now)
        if told.report.ends < now - KEPT_DAYS * DAY * SECOND:
            raise Unreadable(f"it is older than {KEPT_DAYS} days")
        if self._state.dmarc_since(noted_at=Micros(now - DAY * SECOND)) >= MOST_A_DAY:
            raise Unreadable(f"{MOST_A_DAY:,} reports came within a day; give it again tomorrow")
        rows = [replace(row, operator=self._name(row.source)) for row in told.rows]
        is_new = self._state.put_dmarc(told.report, rows, now=now)
        return Outcome(
            what="kept" if is_new else "known",
            report=told.report,
            copies=sum(row.copies for row in rows),
            left_out=told.left_out,
        )

    def _name(self, source: str) -> str | None:
        found = self._operator(source)
        return None if found is None else found[:_OPERATOR_CHARS]
