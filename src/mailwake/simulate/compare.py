"""What the crowd did, beside what Mailwake says: the same counts, and a sentence wherever they differ.

Both sides count copies. The right side comes from the report alone, in the words of its JSON; nothing here looks into
a store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.simulate.acts import Doer
from mailwake.simulate.truth import Deeds, Sums, add_up

HUMAN, POSSIBLE, MACHINE = "human", "possible", "machine"
#: what a judgement may say of a copy that was not opened or clicked
_NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """What was sent for one campaign, as its senders saw it."""

    campaign: str
    #: people it was addressed to
    addressed: int
    #: copies that a server refused, at once or later by a notice
    bounced: int
    #: addresses refused before there was a message; who sent was told, and nobody else knows
    told: int = 0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of event."""

    what: str
    #: None: there is nothing on that side to count
    crowd: int | None
    mailwake: int | None
    why: str = ""
    #: where Mailwake's number has to be, both ends included; None: an opinion, which may be wrong
    between: tuple[int, int] | None = None

    @property
    def holds(self) -> bool:
        """Whether a number that has to be right is."""
        return self.between is None or self.mailwake is None or self.between[0] <= self.mailwake <= self.between[1]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All rows of one campaign."""

    campaign: str
    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that has to be exact is."""
        return all(row.holds for row in self.rows)


def compare(
    mailing: Mailing, deeds: Sequence[Deeds], tally: Mapping[str, Any], people: Iterable[Mapping[str, Any]]
) -> Comparison:
    """Hold one campaign's truth against its report.

    Args:
        mailing: what was sent.
        deeds: what the crowd did with the copies that arrived.
        tally: the report's counts.
        people: the report's line per copy, with `address`, `opened` and `clicked`.
    """
    truth, lines = add_up(deeds), _single(people)
    opens = _confusion((each.opened_by(), lines.get(each.address, {}).get("opened")) for each in deeds)
    clicks = _confusion((each.clicked_by(), lines.get(each.address, {}).get("clicked")) for each in deeds)
    rows = (
        *_delivery_rows(mailing, truth, tally),
        *_open_rows(truth, tally, opens),
        *_click_rows(truth, tally, clicks),
    )
    return Comparison(campaign=mailing.campaign, rows=(*rows, *_end_rows(truth, tally)))


def _single(people: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Lines by address, where an address has one; somebody with two copies cannot be matched."""
    every = list(people)
    often = Counter(line["address"] for line in every)
    return {line["address"]: line for line in every if often[line["address"]] == 1}


def _confusion(pairs: Iterable[tuple[Doer | None, str | None]]) -> Counter[tuple[Doer | None, str]]:
    return Counter((truth, verdict or _NOTHING) for truth, verdict in pairs)


def _exactly(count: int, *, fewer: int = 0, more: int = 0) -> tuple[int, int]:
    return count - fewer, count + more


def _delivery_rows(mailing: Mailing, truth: Sums, tally: Mapping[str, Any]) -> Iterable[Row]:
    sent, doubt = truth.copies + mailing.bounced, tally["unresolved"]
    twice = truth.copies + mailing.bounced + mailing.told - mailing.addressed
    why = _join(
        f"{doubt} in doubt: a process ended before it heard the answer" if doubt else "",
        f"{twice} more than people: sent again, as the answer was lost" if twice > 0 else "",
    )
    yield Row(what="sent", crowd=sent, mailwake=tally["sent"], why=why, between=_exactly(sent, more=doubt))
    yield Row(
        what="delivered",
        crowd=truth.copies,
        mailwake=tally["delivered"],
        why=f"{doubt} in doubt may be among them" if doubt else "",
        between=_exactly(truth.copies, fewer=doubt),
    )
    told = f"{mailing.told} more were refused before there was a message; the program was told" if mailing.told else ""
    bounced = mailing.bounced
    yield Row(what="bounced", crowd=bounced, mailwake=tally["bounced"], why=told, between=_exactly(bounced))


def _open_rows(truth: Sums, tally: Mapping[str, Any], confused: Counter[tuple[Doer | None, str]]) -> Iterable[Row]:
    opened = tally["opened"]
    unseen = truth.read - truth.opened_by_person
    yield Row(
        what="read by people",
        crowd=truth.read,
        mailwake=None,
        why=f"{unseen} loaded no pixel then: images blocked, or Apple had fetched them before" if unseen else "",
    )
    yield Row(
        what="pixel loaded", crowd=truth.opened, mailwake=opened["raw"], between=_exactly(truth.opened, more=truth.lost)
    )
    hidden = f"{truth.opened_hidden} came through Apple's proxy" if truth.opened_hidden else ""
    yield Row(
        what="  by people",
        crowd=truth.opened_by_person,
        mailwake=opened["human"],
        why=_join(hidden, _mistakes(confused)),
    )
    yield Row(what="  possibly by people", crowd=None, mailwake=opened["possible"], why=_mixture(confused))
    yield Row(what="  by machines only", crowd=truth.opened_by_machine, mailwake=opened["machine"], why=_leak(confused))


def _click_rows(truth: Sums, tally: Mapping[str, Any], confused: Counter[tuple[Doer | None, str]]) -> Iterable[Row]:
    clicked = tally["clicked"]
    yield Row(
        what="link followed",
        crowd=truth.clicked,
        mailwake=clicked["raw"],
        between=_exactly(truth.clicked, more=truth.lost),
    )
    yield Row(
        what="  by people", crowd=truth.clicked_by_person, mailwake=clicked["human"], why=_join(_mistakes(confused))
    )
    yield Row(what="  possibly by people", crowd=None, mailwake=clicked["possible"], why=_mixture(confused))
    yield Row(
        what="  by machines only", crowd=truth.clicked_by_machine, mailwake=clicked["machine"], why=_leak(confused)
    )


def _end_rows(truth: Sums, tally: Mapping[str, Any]) -> Iterable[Row]:
    for what, count in (("unsubscribed", truth.unsubscribed), ("complained", truth.complained)):
        yield Row(what=what, crowd=count, mailwake=tally[what], between=_exactly(count))


def _mistakes(confused: Counter[tuple[Doer | None, str]]) -> str:
    lost, gained = confused[Doer.PERSON, MACHINE], confused[Doer.MACHINE, HUMAN]
    return _join(
        f"judged wrong: {_people(lost)} taken for machines" if lost else "",
        f"judged wrong: {_machines(gained)} taken for people" if gained else "",
    )


def _mixture(confused: Counter[tuple[Doer | None, str]]) -> str:
    people, machines = confused[Doer.PERSON, POSSIBLE], confused[Doer.MACHINE, POSSIBLE]
    return f"cannot be told: {_people(people)}, {_machines(machines)} alone" if people or machines else ""


def _leak(confused: Counter[tuple[Doer | None, str]]) -> str:
    undecided = confused[Doer.MACHINE, POSSIBLE]
    return f"{undecided} of them count as possible" if undecided else ""


def _people(count: int) -> str:
    return f"{count} person" if count == 1 else f"{count} people"


def _machines(count: int) -> str:
    return f"{count} machine" if count == 1 else f"{count} machines"


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
