"""Several mails that came back, taken in at once: what they say is durable before they count as read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailwake.errors import Unreadable
from mailwake.events import Micros, encode_event
from mailwake.ingest.desk import open_notice
from mailwake.ingest.origin import Origins
from mailwake.ingest.unread import Unread


@dataclass
class Taken:
    """What became of some mails."""

    mails: int = 0
    #: that they amounted to, durable in the log
    events: int = 0
    #: mails kept as files, for people
    kept: int = 0
    #: of those, because they could not be read
    unreadable: int = 0
    #: mails put aside because a DMARC report is attached
    reports: int = 0


class Intake:
    """Takes mails in.

    Args:
        origins: verifies the tokens.
        append: makes records durable in the log.
        unread: where mail is kept that a person should see.
        reports: where mail with a DMARC report is put aside.
        clock: gives microseconds since 1970.

    Attributes:
        taken: all that was.
    """

    def __init__(
        self,
        origins: Origins,
        append: Callable[[Sequence[bytes]], None],
        unread: Unread,
        *,
        reports: Unread,
        clock: Callable[[], Micros],
    ) -> None:
        self._origins, self._append, self._clock = origins, append, clock
        self._unread, self._reports = unread, reports
        self.taken = Taken()

    def take(self, mails: Iterable[bytes], *, envelope: Sequence[str] = ()) -> None:
        """Read mails and keep what they say; taking the same mail again changes nothing.

        Args:
            mails: as they came.
            envelope: addresses that all of them were delivered to, where that is known.

        Raises:
            Unavailable: the log or the folder cannot keep them; nothing of it is lost if they are taken again.
        """
        records: list[bytes] = []
        for raw in mails:
            self.taken.mails += 1
            try:
                opened = open_notice(raw, self._origins, received_at=self._clock(), trust_date=True, envelope=envelope)
            except Unreadable:
                self._unread.keep(raw)
                self.taken.unreadable += 1
                self.taken.kept += 1
                continue
            if opened.carries_report:
                self._reports.keep(raw)
                self.taken.reports += 1
            if opened.is_for_people:
                self._unread.keep(raw)
                self.taken.kept += 1
            records += [encode_event(event) for event in opened.events]
        self._append(records)
        self.taken.events += len(records)
