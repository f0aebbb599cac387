"""How long what is kept, by the settings: told to whoever asks what is known of them."""

from __future__ import annotations

import msgspec

from mailwake.modes import Mode
from mailwake.settings import Settings


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing, and how long it stays."""

    what: str
    #: days; 0: it is not kept; None: until somebody asks for erasure
    days: int | None
    why: str


def periods(settings: Settings) -> tuple[Period, ...]:
    """Of everything that is kept of people."""
    return (
        Period(what="requests as they came, with the network address", days=settings.log.keep_days,
               why="so that nothing is lost when a part of the installation fails; one day more until the file goes"),
        Period(what="events of single mails, without address and program", days=settings.privacy.individual_days,
               why="reports, and verdicts that can be made again; sums of a campaign stay, and name nobody"),
        Period(what="user agents and shortened network addresses of opens and clicks",
               days=settings.tracking.keep_raw_days, why="to look into what programs do"),
        Period(what="the day of the last open, where nothing else is recorded of opens",
               days=settings.privacy.deliverability_days if settings.ceiling.opens >= Mode.DELIVERABILITY else 0,
               why="to stop mailing people who no longer read; a later open overwrites it"),
        Period(what="records that could not be read", days=settings.privacy.set_aside_days,
               why="so that nothing is lost by a fault of ours"),
        Period(what="mail that came back or was answered, where a person has to read it",
               days=settings.privacy.unread_days, why="so that nobody's answer is lost"),
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
