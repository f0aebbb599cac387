"""Where Salesforce's own tracking and Mailwake disagree about the same copies, and why.

Salesforce counts every fetch of its pixel, by whomever: "spam filters or mail gateway scans can cause inaccurate
results" (https://help.salesforce.com/s/articleView?id=sales.emailadmin_tracking_considerations.htm). Ours stand as
everywhere: of people, of what may be either, of machines. Nothing here counts anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from mailwake.errors import BadInput
from mailwake.events import DeliveryId, Micros
from mailwake.insight.stores import Stores, moment
from mailwake.language import noted
from mailwake.modes import Mode, Modes
from mailwake.native.matching import BEFORE, Copy, Match, Unmatched, matches
from mailwake.native.reading import DAY, READ_AT, subject_hash
from mailwake.store.native import ListMail, NativeMail, NativeStore

MOST_DAYS = 730
#: records that are named of each line
_SAMPLES = 5
_LISTS = 50
AGREE, DIFFER, UNSURE = "agree", "differ", "cannot_say"
OPENED, CLICKED, BACK, FOUND = "opened", "clicked", "came_back", "not_compared"
#: axis and code to what it means for the comparison, and why it is so; in the order of the report
REASONS: Mapping[tuple[str, str], tuple[str, str]] = {
    **{
        (axis, code): told
        for axis in (OPENED, CLICKED)
        for code, told in {
            "both": (AGREE, noted("Salesforce counts it, and here a person did it.")),
            "neither": (AGREE, noted("Neither knows of it.")),
            "machine_here": (DIFFER, noted("A machine did it. Here machines are told apart; Salesforce counts them.")),
            "possible_here": (DIFFER, noted("Nobody can say whether a person did it; Salesforce counts it.")),
            "only_there": (
                DIFFER,
                noted("Salesforce alone saw it: ours was blocked or taken off, or the copy was shown elsewhere."),
            ),
            "unwatched": (
                DIFFER,
                noted("This copy is watched in sum only, by settings or consent; Salesforce watched the person."),
            ),
            "only_here": (
                DIFFER,
                noted("We alone saw a person do it: the other pixel or link was blocked or taken off."),
            ),
            "unsure_only_here": (
                DIFFER,
                noted("We alone saw it, and it was a machine, or cannot be told apart from one."),
            ),
            "untracked_here": (DIFFER, noted("A person did it; Salesforce did not track this mail.")),
            "untracked": (UNSURE, noted("Salesforce did not track this mail, and no person did it that we know of.")),
            "shared": (UNSURE, noted("The mail went to several people; Salesforce does not say which of them it was.")),
            "hidden": (UNSURE, noted("Salesforce does not say, or the recipient wants no tracking.")),
        }.items()
    },
    (BACK, "both"): (AGREE, noted("Both know that it came back.")),
    (BACK, "only_there"): (
        DIFFER,
        noted("It came back to Salesforce alone: its bounce management is on, and takes the notices."),
    ),
    (BACK, "only_here"): (
        DIFFER,
        noted("It came back to us alone: the notice did not go to Salesforce. The connection tells it."),
    ),
    (BACK, "hidden"): (UNSURE, noted("It came back to us; Salesforce does not say whether it did there.")),
    (FOUND, Unmatched.NOT_MAILED): (UNSURE, noted("We never mailed this address: the mail took another way.")),
    (FOUND, Unmatched.NO_COPY): (
        UNSURE,
        noted("We sent nothing there at that time: the mail took another way."),
    ),
    (FOUND, Unmatched.OTHER_SUBJECT): (UNSURE, noted("What we sent there at that time has another subject.")),
    (FOUND, Unmatched.SEVERAL): (UNSURE, noted("We sent several copies that it could be; none is taken.")),
    (FOUND, "doubled"): (UNSURE, noted("Salesforce lists this copy twice; it is compared once.")),
}


class NativeLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of agreement or disagreement comes to."""

    #: opened, clicked, came_back or not_compared
    axis: str
    code: str
    #: agree, differ or cannot_say
    verdict: str
    #: recipients of mails
    count: int
    why: str
    #: ids of some of them in the org
    records: tuple[str, ...]


class NativeList(msgspec.Struct, frozen=True, kw_only=True):
    """A list email, and how much of it we sent."""

    record: str
    name: str
    sent_at: datetime | None
    #: as Salesforce says; null: it does not
    there: int | None
    #: copies of ours with its subject in the day after; null: names come into the subject, so that nobody can say
    here: int | None


class NativeReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison."""

    #: when the org was last read; null: never
    read_at: datetime | None
    days: int
    #: recipients of mails as Salesforce lists them
    mails: int
    #: of those, whose copy of ours is known
    compared: int
    lines: tuple[NativeLine, ...]
    lists: tuple[NativeList, ...]


#: of a dashboard that belongs to no installation
NOWHERE = NativeReport(read_at=None, days=90, mails=0, compared=0, lines=(), lists=())


class Hit(NamedTuple):
    """What we know of one axis of a copy: events by grade."""

    human: int
    possible: int
    machine: int


def report(stores: Stores, store: NativeStore, *, now: Micros, days: int = 90) -> NativeReport:
    """The comparison over the last days.

    Raises:
        BadInput: days are out of range.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"a comparison is over 1 to {MOST_DAYS} days")
    since = Micros(now - days * DAY)
    silent = frozenset(stores.state.inert())
    mails = [replace(each, is_opened=None, is_clicked=None) if each.handle in silent else each
             for each in store.mails(since=since)]  # fmt: skip
    found = list(matches(mails, stores.events, stores.state, since=since))
    pairs = _once(found)
    told: dict[tuple[str, str], list[str]] = {}
    for each in found:
        if each.why is not None:
            told.setdefault((FOUND, each.why), []).append(each.mail.record)
    for mail, copy, others in pairs:
        if others:
            told.setdefault((FOUND, "doubled"), []).extend(others)
        for axis, code in _codes(mail, copy):
            told.setdefault((axis, code), []).append(mail.record)
    return NativeReport(
        read_at=moment(store.mark(READ_AT)),
        days=days,
        mails=len(mails),
        compared=len(pairs),
        lines=tuple(_line(key, told[key]) for key in REASONS if key in told),
        lists=tuple(_list(stores, each) for each in store.lists(since=since)[:_LISTS]),
    )


def to_json(answer: NativeReport) -> bytes:
    """As the API and the command send it."""
    return msgspec.json.encode(answer) + b"\n"


def _once(found: Iterable[Match]) -> list[tuple[NativeMail, Copy, list[str]]]:
    """Each of our copies once, with what all records of it say together, and the records beyond the first."""
    by_copy: dict[DeliveryId, tuple[Copy, list[NativeMail]]] = {}
    for each in found:
        if each.copy is not None:
            by_copy.setdefault(each.copy.delivery, (each.copy, []))[1].append(each.mail)
    return [(_together(mails), copy, [each.record for each in mails[1:]]) for copy, mails in by_copy.values()]


def _together(mails: Sequence[NativeMail]) -> NativeMail:
    first = mails[0]
    return replace(
        first,
        recipients=min(each.recipients for each in mails),
        is_tracked=_any(each.is_tracked for each in mails),
        is_opened=_any(each.is_opened for each in mails),
        is_link_tracked=_any(each.is_link_tracked for each in mails),
        is_clicked=_any(each.is_clicked for each in mails),
        is_bounced=_any(each.is_bounced for each in mails),
    )


def _any(said: Iterable[bool | None]) -> bool | None:
    """True where one says so; None where nobody says anything."""
    known = [each for each in said if each is not None]
    return any(known) if known else None


def _codes(mail: NativeMail, copy: Copy) -> Iterable[tuple[str, str]]:
    modes = None if copy.modes is None else Modes.from_byte(copy.modes)
    # Whoever clicked has opened; that our pixel was blocked is no disagreement.
    opens = Hit(copy.opens_human + copy.clicks_human, copy.opens_possible + copy.clicks_possible,
                copy.opens_machine + copy.clicks_machine)  # fmt: skip
    watched = modes is None or modes.opens is Mode.INDIVIDUAL
    yield OPENED, _code(mail.is_opened, mail.is_tracked, opens, is_watched=watched, is_shared=mail.recipients > 1)
    if mail.is_clicked is not None or mail.is_link_tracked is not None:
        clicks = Hit(copy.clicks_human, copy.clicks_possible, copy.clicks_machine)
        watched = modes is None or modes.clicks is Mode.INDIVIDUAL
        yield (
            CLICKED,
            _code(mail.is_clicked, mail.is_link_tracked, clicks, is_watched=watched, is_shared=mail.recipients > 1),
        )
    if mail.is_bounced or copy.bounced:
        yield BACK, _came_back(mail.is_bounced, is_here=bool(copy.bounced))


def _code(there: bool | None, tracked: bool | None, here: Hit, *, is_watched: bool, is_shared: bool) -> str:
    """What both sides come to on one axis."""
    if there is None or (not there and tracked is None):
        return "hidden"
    if there and is_shared:
        return "shared"
    if not there and not tracked:
        return "untracked_here" if here.human else "untracked"
    if there and not is_watched and not here.human:
        return "unwatched"
    if there:
        return "both" if here.human else _unsure(here) or "only_there"
    if here.human:
        return "only_here"
    return "unsure_only_here" if any(here) else "neither"


def _unsure(here: Hit) -> str:
    return "possible_here" if here.possible else "machine_here" if here.machine else ""


def _came_back(there: bool | None, *, is_here: bool) -> str:
    if there is None:
        return "hidden"
    return ("both" if is_here else "only_there") if there else "only_here"


def _line(key: tuple[str, str], records: Sequence[str]) -> NativeLine:
    verdict, why = REASONS[key]
    axis, code = key
    return NativeLine(
        axis=axis,
        code=str(code),
        verdict=verdict,
        count=len(records),
        why=why,
        records=tuple(dict.fromkeys(records))[:_SAMPLES],
    )


def _list(stores: Stores, told: ListMail) -> NativeList:
    return NativeList(
        record=told.record,
        name=told.name,
        sent_at=moment(told.sent_at),
        there=told.total_sent,
        here=None if told.subject is None else _sent(stores, told, told.subject),
    )


def _sent(stores: Stores, told: ListMail, subject: str) -> int:
    """Copies of ours with a subject, of the day after a list email was sent."""
    rows = stores.events.ask("native_sent", since=told.sent_at - BEFORE, until=told.sent_at + DAY)
    templates = ((row["sent"], stores.state.template(row["template"])) for row in rows)
    return sum(sent for sent, template in templates if template and subject_hash(template.subject) == subject)
