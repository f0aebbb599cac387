"""What became of one copy of an earlier letter: settled facts, with verdicts whose reasons say what was made up.

People who read images through Apple's proxy can be told neither way, a few come back weeks later, and some pass a
letter on, so that each part of the dashboard has something to show.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from mailwake.events import (
    SECOND,
    AgentKind,
    CampaignId,
    Class,
    DeliveryId,
    EventType,
    Handle,
    Micros,
    NetworkKind,
    Source,
    TemplateId,
    event_id,
)
from mailwake.modes import INDIVIDUAL
from mailwake.simulate.people import Person
from mailwake.store.events import EventRow

DAY, HOUR = 86_400, 3_600
#: stands where the name of the rules does that judged: nobody did
RULESET = "made-up-history"
#: how likely each copy is deferred, bounced, clicked by a machine; and left, by those who leave with this letter
_USUAL, _MOODY = 0.01, 0.35
_BOUNCED, _SCANNED = 0.008, 0.07
#: how likely Apple's proxy fetches, and somebody who opened comes back weeks later, or passes the letter on
_FETCHED, _RETURNED, _PASSED_ON = 0.7, 0.05, 0.02
_RETURN_DAYS = (15, 40)
#: this part of the readers reads in the morning, around this hour of their own
_MORNING, _MORNING_HOUR = 0.25, 8.0
_BEHIND_APPLE = ("apple_privacy", "private_relay")
#: mail program of the crowd to family and device, as a request would tell them
_PROGRAMS = {
    "gmail": ("Gmail", "mobile"),
    "fast": ("Android Mail", "mobile"),
    "phone_mail": ("Android Mail", "mobile"),
    "vpn": ("Chrome", "desktop"),
    "thunderbird": ("Thunderbird", "desktop"),
    "forwarder": ("Thunderbird", "desktop"),
    "apple_privacy": ("Safari", "mobile"),
    "private_relay": ("Safari", "mobile"),
}
_OFFICE, _SECOND_READER = ("Outlook", "desktop"), ("Apple Mail", "tablet")
_ELSEWHERE = ("GB", "FR")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A letter's HTML, and how its readers choose among its links."""

    template: TemplateId
    #: weight of each link, by number from 1
    weights: tuple[float, ...]
    #: how likely a copy is opened by a person who sees pictures, and clicked by one
    opened: float = 0.36
    clicked: float = 0.06


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mailing of the past."""

    campaign: CampaignId
    sent_at: Micros
    #: nothing is known of what is later
    now: Micros
    #: a domain that puts mail off this time; empty: none
    moody: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Who did it, and by what made-up evidence."""

    p_human: float
    klass: Class
    network: NetworkKind
    agent: AgentKind
    #: code, weight and fact as the judge spells them; the last takes what is left of the log-odds
    reasons: tuple[tuple[str, float, str], ...]

    @property
    def told(self) -> str:
        """As the store keeps them."""
        *most, (code, _, fact) = self.reasons
        rest = math.log(self.p_human / (1 - self.p_human)) - sum(weight for _, weight, _ in most)
        return json.dumps([*most, (code, round(rest, 3), fact)])


SCANNER = Verdict(
    p_human=0.02,
    klass=Class.SCANNER,
    network=NetworkKind.SCANNER,
    agent=AgentKind.BROWSER,
    reasons=(("delay", -2.17, "5 s after delivery"), ("network", 0, "from a network of mail security")),
)
PROXY = Verdict(
    p_human=0.25,
    klass=Class.MPP,
    network=NetworkKind.CLOUD,
    agent=AgentKind.PRIVACY_PROXY,
    reasons=(("network", 0, "from a relay of Apple's Mail Privacy Protection"),),
)
READER = Verdict(
    p_human=0.94,
    klass=Class.HUMAN,
    network=NetworkKind.RESIDENTIAL,
    agent=AgentKind.BROWSER,
    reasons=(("network", 0.53, "from a residential network"), ("delay_from", 0, "such a delay from such a network")),
)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One person's copy."""

    letter: Letter
    page: Page
    #: place in the list; the letter leaves in this order, ten a second
    number: int
    person: Person
    handle: Handle
    #: unsubscribed or complained, by those who leave with this letter
    leaves: EventType | None = None

    def rows(self, draw: random.Random) -> Iterator[EventRow]:
        """What became of it until now."""
        return (row for row in self._all(draw) if row.at <= self.letter.now)

    def _all(self, draw: random.Random) -> Iterator[EventRow]:
        yield self._row(EventType.SENT, 0)
        if draw.random() < (_MOODY if self._domain == self.letter.moody else _USUAL):
            yield self._row(EventType.DEFERRED, 2)
        if draw.random() < _BOUNCED and self.leaves is None:
            yield self._row(EventType.BOUNCED, 3)
            return
        yield self._row(EventType.DELIVERED, 4)
        if draw.random() < _SCANNED:
            yield self._row(EventType.CLICKED, 9, by=SCANNER, link=draw.randint(1, len(self.page.weights)))
        yield from self._read(draw)

    def _read(self, draw: random.Random) -> Iterator[EventRow]:
        after, is_hidden = self._hour(draw), self.person.client in _BEHIND_APPLE
        if is_hidden and draw.random() < _FETCHED:
            yield self._row(EventType.OPENED, draw.uniform(20, 6 * HOUR), by=PROXY)
        reads = draw.random() < self.page.opened
        if reads and not is_hidden:
            yield self._row(EventType.OPENED, after, by=READER)
            yield from self._again(after, draw)
        if reads and draw.random() < self.page.clicked / self.page.opened:
            link = draw.choices(range(1, len(self.page.weights) + 1), self.page.weights)[0]
            yield self._row(EventType.CLICKED, after + 30, by=READER, link=link)
        if self.leaves is not None:
            yield self._row(self.leaves, after + 60)

    def _again(self, after: float, draw: random.Random) -> Iterator[EventRow]:
        """Weeks later by themselves, or soon by somebody it was passed on to."""
        if draw.random() < _RETURNED:
            yield self._row(EventType.OPENED, draw.uniform(*_RETURN_DAYS) * DAY, by=READER)
        if draw.random() < _PASSED_ON:
            elsewhere = next(each for each in _ELSEWHERE if each != self.person.country.code)
            soon = after + draw.uniform(600, 3_600)
            yield self._row(EventType.OPENED, soon, by=READER, seen=_SECOND_READER, country=elsewhere)

    def _hour(self, draw: random.Random) -> float:
        """Seconds after sending: mostly within the day, of some on the next morning by their clock."""
        after = draw.lognormvariate(9.4, 1.4)
        if draw.random() >= _MORNING:
            return after
        local = (self.letter.sent_at / SECOND + after) / HOUR + self.person.country.utc_offset_hours
        until = (_MORNING_HOUR - local) % 24 + draw.gauss(0, 0.6)
        return max(60.0, after + until * HOUR)

    @property
    def _domain(self) -> str:
        return self.person.address.partition("@")[2]

    def _row(
        self,
        kind: EventType,
        after: float,
        *,
        by: Verdict | None = None,
        link: int | None = None,
        seen: tuple[str, str] | None = None,
        country: str | None = None,
    ) -> EventRow:
        at = Micros(self.letter.sent_at + int((self.number / 10 + after) * SECOND))
        reader = by is READER
        client, device = (seen or _PROGRAMS.get(self.person.client, _OFFICE)) if reader else (None, None)
        return EventRow(
            id=event_id("demo history", self.letter.campaign, self.number, kind, int(after)),
            type=kind,
            at=at,
            received_at=at,
            source=Source.SEND if by is None else Source.EDGE,
            campaign=self.letter.campaign,
            template=self.page.template,
            delivery=DeliveryId(event_id("demo history", self.letter.campaign, self.number)),
            recipient=self.handle,
            modes=INDIVIDUAL.to_byte(),
            links=len(self.page.weights),
            domain=self._domain,
            link=link,
            role="cta" if link else None,
            country=(country or self.person.country.code) if reader else None,
            client=client,
            device=device,
            agent_kind=AgentKind.UNKNOWN if by is None else by.agent,
            network_kind=NetworkKind.UNKNOWN if by is None else by.network,
            p_human=None if by is None else by.p_human,
            klass=None if by is None else by.klass,
            reasons="" if by is None else by.told,
            ruleset="" if by is None else RULESET,
            settled=True,
        )
