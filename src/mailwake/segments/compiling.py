"""From a query's tree to a choice of the event store: names become ids, days become times, words become numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from mailwake.deliverability.providers import providers_of
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.insight.domain_names import domain_names
from mailwake.insight.stores import Stores
from mailwake.segments.spans import spans
from mailwake.segments.tree import JUDGED, Both, Condition, Count, Judged, Node, Not, Per, Sign, State, Verb
from mailwake.store.answers.sliding import back
from mailwake.store.events.choosing import ANY, MANY, Choice, Every, Piece, Some, Value, Without
from mailwake.store.state import split_address

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
#: the view's grades; source: docs/reference/stores.md
_GRADES: Mapping[Judged, int] = {Judged.HUMAN: 2, Judged.POSSIBLE: 1, Judged.MACHINE: 0, Judged.ANYBODY: -1}
_ONCE = Count(sign=Sign.AT_LEAST, number=1)
#: links of a template, in the numbers of the pieces
_LINKS = 65_536


def compiled(node: Node, stores: Stores, *, now: Micros) -> Choice:
    """What to ask the event store for.

    Args:
        node: what a query says.
        stores: where links and campaigns have their names; its `days` are the query's.
        now: where spans end; nothing later counts.
    """
    return _Compiler(stores, stores.days, now).choice(node)


@dataclass(slots=True)
class _Compiler:
    stores: Stores
    zone: ZoneInfo
    now: Micros
    #: casefolded label and target of each link, and its number; None: not read yet
    links: list[tuple[str, int]] | None = field(default=None)
    #: what each domain is stored as, and its name; None: not asked for yet
    domains: dict[str, str] | None = field(default=None)

    def choice(self, node: Node) -> Choice:
        """The whole of it."""
        if isinstance(node, Condition):
            return self._condition(node)
        if isinstance(node, State):
            return self._state(node)
        if isinstance(node, Not):
            return Without(self.choice(node.of))
        parts = tuple(self.choice(part) for part in node.parts)
        return Every(parts) if isinstance(node, Both) else Some(parts)

    def _state(self, node: State) -> Choice:
        told = spans()
        values: dict[str, Value] = {
            "state": node.engagement.value,
            "active_since": back(self.now, told.active_days * DAY),
            "dormant_since": back(self.now, told.dormant_days * DAY),
            "until": self.now,
        }
        return Piece(name="engaged", values=values)

    def _condition(self, said: Condition) -> Choice:
        """Who did it so often; a count that nothing satisfies too is everybody without those who did it more often."""
        count = said.count or _ONCE
        if count.low == 0:
            return Without(self._did(said, (count.high or 0) + 1, MANY))
        return self._did(said, count.low, MANY if count.high is None else count.high)

    def _did(self, said: Condition, low: int, high: int) -> Piece:
        is_judged = said.verb in JUDGED
        per = said.count.per if said.count else Per.TIMES
        values: dict[str, Value] = {
            "kind": said.verb.value,
            "grade": _GRADES[said.judged or Judged.HUMAN] if is_judged else -1,
            "per": Per.MAILS.value if per is Per.TIMES and not is_judged else per.value,
            "low": low,
            "high": high,
            "since": self._since(said),
            "until": min(self.now, self._start(said.before)) if said.before else self.now,
            "links": self._links(said.text) if said.text is not None and said.verb is Verb.CLICKED else ANY,
            "goal": said.text.lower() if said.text is not None and said.verb is Verb.CONVERTED else "",
            "campaigns": ANY if said.campaign is None else self._campaigns(said.campaign),
            "domains": ANY if said.domain is said.provider is None else self._domains(said),
            "country": said.country or "",
            "client": (said.client or "").lower(),
        }
        return Piece(name="did", values=values)

    def _since(self, said: Condition) -> int:
        starts = [back(self.now, said.within.hours * HOUR)] if said.within else []
        return max([*starts, *([self._start(said.since)] if said.since else [])], default=0)

    def _start(self, day: date) -> int:
        """When a day begins in the zone, microseconds."""
        return int(datetime.combine(day, time(), self.zone).astimezone(UTC).timestamp()) * SECOND

    def _links(self, text: str) -> str:
        if self.links is None:
            self.links = [
                (f"{link.label}\n{link.href}".casefold(), (link.template or 0) * _LINKS + link.number)
                for link in self.stores.state.tracked_links()
            ]
        return ",".join(str(number) for told, number in self.links if text.casefold() in told)

    def _domains(self, said: Condition) -> str:
        """What domains are stored as that are this one, and this provider's; most have a stand-in for their name."""
        if self.domains is None:
            self.domains = domain_names(self.stores, self.stores.events.ask("stored_domains"))
        names = set(self.domains.values())
        if said.domain is not None:
            names &= {_as_kept(said.domain)}
        if said.provider is not None:
            wanted = said.provider.casefold()
            names = {name for name, home in providers_of(self.stores, names).items() if home.casefold() == wanted}
        return f",{','.join(sorted(stored for stored, name in self.domains.items() if name in names))},"

    def _campaigns(self, text: str) -> str:
        wanted = text.casefold()
        return ",".join(str(each.id) for each in self.stores.state.campaigns() if wanted in each.name.casefold())


def _as_kept(domain: str) -> str:
    """A domain in IDNA form, as addresses are kept."""
    try:
        return split_address(f"anybody@{domain}")[1]
    except BadInput:  # nobody has an address there
        return domain
