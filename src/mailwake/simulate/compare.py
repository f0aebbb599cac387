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
    #: addresses whose server refuses them, at once or later
    dead: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of event."""

    what: str
    #: None: there is nothing on that side to count
    crowd: int | None
    mailwake: int | None
    why: str = ""
    #: the two numbers have to be equal, up to requests that were sent and never answered
    exact: bool = False
    #: how much higher the right number may be
    slack: int = 0

    @property
    def holds(self) -> bool:
        """Whether an exact number is what it has to be."""
        if not self.exact or self.crowd is None or self.mailwake is None:
            return True
        return self.crowd <= self.mailwake <= self.crowd + self.slack


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


def _delivery_rows(mailing: Mailing, truth: Sums, tally: Mapping[str, Any]) -> Iterable[Row]:
    sent_why = f"{tally['rejected']} were held back: suppressed" if tally["rejected"] else ""
    if tally["unresolved"]:
        sent_why = f"{tally['unresolved']} in doubt: a process was killed before it heard the answer"
    twice = truth.copies + mailing.dead - mailing.addressed
    if twice > 0:
        sent_why += f"; {twice} sent again because their answer was lost"
    yield Row(what="sent", crowd=truth.copies + mailing.dead, mailwake=tally["sent"], why=sent_why, exact=True)
    yield Row(
        what="delivered",
        crowd=truth.copies,
        mailwake=tally["delivered"] + tally["unresolved"],
        why=f"{tally['unresolved']} of them in doubt" if tally["unresolved"] else "",
        exact=True,
    )
    yield Row(what="bounced", crowd=mailing.dead, mailwake=tally["bounced"], exact=True)


def _open_rows(truth: Sums, tally: Mapping[str, Any], confused: Counter[tuple[Doer | None, str]]) -> Iterable[Row]:
    opened = tally["opened"]
    unseen = truth.read - truth.opened_by_person
    yield Row(
        what="read by people",
        crowd=truth.read,
        mailwake=None,
        why=f"{unseen} loaded no pixel then: images blocked, or Apple had fetched them before" if unseen else "",
    )
    yield Row(what="pixel loaded", crowd=truth.opened, mailwake=opened["raw"], exact=True, slack=truth.unanswered)
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
    yield Row(what="link followed", crowd=truth.clicked, mailwake=clicked["raw"], exact=True, slack=truth.unanswered)
    yield Row(
        what="  by people", crowd=truth.clicked_by_person, mailwake=clicked["human"], why=_join(_mistakes(confused))
    )
    yield Row(what="  possibly by people", crowd=None, mailwake=clicked["possible"], why=_mixture(confused))
    yield Row(
        what="  by machines only", crowd=truth.clicked_by_machine, mailwake=clicked["machine"], why=_leak(confused)
    )


def _end_rows(truth: Sums, tally: Mapping[str, Any]) -> Iterable[Row]:
    yield Row(what="unsubscribed", crowd=truth.unsubscribed, mailwake=tally["unsubscribed"], exact=True)
    yield Row(what="complained", crowd=truth.complained, mailwake=tally["complained"], exact=True)


def _mistakes(confused: Counter[tuple[Doer | None, str]]) -> str:
    lost, gained = confused[Doer.PERSON, MACHINE], confused[Doer.MACHINE, HUMAN]
    return _join(
        f"judged wrong: {_people(lost)} taken for machines" if lost else "",
        f"judged wrong: {gained} machines taken for people" if gained else "",
    )


def _mixture(confused: Counter[tuple[Doer | None, str]]) -> str:
    people, machines = confused[Doer.PERSON, POSSIBLE], confused[Doer.MACHINE, POSSIBLE]
    return f"cannot be told: {_people(people)}, {machines} machines alone" if people or machines else ""


def _leak(confused: Counter[tuple[Doer | None, str]]) -> str:
    undecided = confused[Doer.MACHINE, POSSIBLE]
    return f"{undecided} of them count as possible" if undecided else ""


def _people(count: int) -> str:
    return f"{count} person" if count == 1 else f"{count} people"


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
