"""How long what is kept, by the settings: told to whoever asks what is known of them."""

from __future__ import annotations

import msgspec

from mailwake.settings import Settings


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing, and how long it stays."""

    what: str
    #: days; None: until somebody asks for erasure
    days: int | None
    why: str


def periods(settings: Settings) -> tuple[Period, ...]:
    """Of everything that is kept of people."""
    return (
        Period(what="requests as they came, with the network address", days=settings.log.keep_days,
               why="so that nothing is lost when a part of the installation fails; one day more until the file goes"),
        Period(what="events of single mails, without address and program", days=None,
               why="reports, and verdicts that can be made again"),
        Period(what="recording of opens and clicks in one mail", days=settings.tracking.record_days,
               why="later ones are answered and not recorded"),
        Period(what="what a Salesforce org is told, copy by copy",
               days=settings.salesforce.row_days if settings.salesforce.login else 0,
               why="so that a colleague sees which mail was read"),
        Period(what="what was written to Salesforce, to take it back",
               days=settings.salesforce.journal_days if settings.salesforce.login else 0,
               why="so that a mistake can be undone"),
        Period(what="that no more mail is wanted, and what was agreed to", days=None,
               why="so that it goes on holding; it stays, without the address, after an erasure"),
    )  # fmt: skip
