"""What happened, as rules see it, and what no rule ever acts upon.

The second part is the wall between machines and the org: whatever is not surely a person's, not final, not news, or
only counts because history was judged again is out before any rule looks at whom it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mailwake.events import SECOND, CampaignId, Class, Handle, Micros
from mailwake.rules.rule import Rule
from mailwake.store.events import EventStore
from mailwake.store.state import LinkRow, StateStore

HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND
#: What happened longer ago is never acted upon: a verdict takes up to a day to be final, and news of a day before that
#: may still be late.
FRESH = 2 * DAY
#: campaigns that follow-up mail is sent as
OWN_CAMPAIGN = "Workflow "
_BATCH = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """A click, or what came back."""

    id: int
    #: clicked, bounced, replied or complained
    type: str
    at: Micros
    #: when we learned of it
    learned_at: Micros
    handle: Handle
    campaign: int | None
    template: int | None
    delivery: int | None
    link: int | None
    role: str
    #: None: cannot say, or not judged
    p_human: float | None
    #: None: of a kind that is not judged
    klass: str | None
    reason: str
    is_settled: bool
    #: the lowest P(human) before a replay changed it; None: no replay did
    replayed_from: float | None


@dataclass(kw_only=True)
class Letters:
    """Names of campaigns and links, looked up once."""

    state: StateStore
    _links: dict[int, dict[int, LinkRow]] = field(default_factory=dict)
    _subjects: dict[int, str] = field(default_factory=dict)
    _campaigns: dict[int, str] | None = None

    def link(self, signal: Signal) -> LinkRow | None:
        """The link that was followed; None: it is not known."""
        if signal.template is None or signal.link is None:
            return None
        if signal.template not in self._links:
            template = self.state.template(signal.template)  # type: ignore[arg-type]
            links = self.state.links(CampaignId(template.campaign)) if template is not None else []
            self._links[signal.template] = {each.number: each for each in links if each.template == signal.template}
        return self._links[signal.template].get(signal.link)

    def campaign(self, number: int | None) -> str:
        """A campaign's name; empty: it is not known."""
        if number is None:
            return ""
        if self._campaigns is None or number not in self._campaigns:
            self._campaigns = {each.id: each.name for each in self.state.campaigns()}
        return self._campaigns.get(number, "")


def read(events: EventStore, *, since: int, until: int, grade: int = 2) -> Iterator[Signal]:
    """What happened between two times, in order of time.

    Args:
        events: where it is.
        since: after this time, microseconds.
        until: up to this time.
        grade: opens and clicks of this grade at least: 2 by people alone, 0 all.
    """
    for rows in events.stream("rule_signals", batch=_BATCH, since=since, until=until, grade=grade):
        yield from map(_signal, rows)


def _signal(row: Mapping[str, Any]) -> Signal:
    return Signal(
        id=row["id"],
        type=row["type"],
        at=Micros(row["happened_at"]),
        learned_at=Micros(row["received_at"]),
        handle=Handle(row["recipient"]),
        campaign=row["campaign"],
        template=row["template"],
        delivery=row["delivery"],
        link=row["link"],
        role=row["role"] or "",
        p_human=row["p_human"],
        klass=row["klass"],
        reason=row["reason"] or "",
        is_settled=bool(row["settled"]),
        replayed_from=row["replayed_from"],
    )


def unfit(rule: Rule, signal: Signal, *, now: int) -> str:
    """Why a rule never acts upon this, or not yet (``unsettled``); empty: it may."""
    if signal.klass is not None or signal.type == "clicked":
        if not is_persons(signal.p_human, signal.klass, least=rule.p_human):
            return "machine"
        if signal.replayed_from is not None and signal.replayed_from < rule.p_human:
            return "replayed"
    if signal.learned_at - signal.at > rule.late_hours * HOUR:
        return "late"
    if not signal.is_settled or now - signal.learned_at < rule.settle_minutes * 60 * SECOND:
        return "unsettled"
    return ""


def is_persons(p_human: float | None, klass: str | None, *, least: float) -> bool:
    """Whether it is as sure as a rule wants that a person did it."""
    return p_human is not None and p_human >= least and klass != Class.MPP


def untimely(signal_at: int, *, started_at: int, now: int) -> str:
    """Why it is no news to a rule; empty: it is."""
    if signal_at <= started_at:
        return "before"
    return "old" if signal_at <= now - FRESH else ""
