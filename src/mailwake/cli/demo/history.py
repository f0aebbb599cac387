"""Eleven weeks of earlier newsletters, so that comparisons, forecasts and alarms have something to hold a week against.

They are written as settled facts before anything runs: no mail was sent for them, and the judge learns nothing from
them, because nobody judged them; the reasons that stand with their verdicts say what was made up. From one of them a
fifth of the readers were held out, and some of both parts bought something later. Four were experiments. The last one
went out two hours ago, so that there is something to forecast.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mailwake.cli.demo import past_trials
from mailwake.cli.demo.past import DAY, HOUR, Copy, Letter, Page
from mailwake.cli.demo.past_trials import TRIALS, Planted
from mailwake.events import SECOND, EventType, Handle, Micros, Source, TemplateId, event_id
from mailwake.experiments.design import variant_of
from mailwake.goals.claims import Claim
from mailwake.modes import INDIVIDUAL
from mailwake.simulate.people import Person
from mailwake.store.events import EventRow, open_events
from mailwake.store.state import Campaign, LinkRow, StateStore, open_state

#: Name of each and how many days ago it went out; `MOODY` met a provider in a bad mood.
MOODY = "Autumn reminder"
LETTERS = (*((f"Larkspur letter {number}", 84 - 7 * number) for number in range(1, 11)), (MOODY, 10))
#: hours of the day, UTC, at which they went out in turn
_HOURS = (6, 9, 12, 15, 18)
#: the letter that is two hours old
FRESH, _FRESH_HOURS = "Frost warning", 2
_CLICKED, _FRESH_CLICKED = 0.06, 0.12
#: the letter that a fifth of its readers did not get, and how many of a hundred bought something within its window
HELD_LETTER, _HELD_OF = LETTERS[8][0], 5
_BOUGHT, _BOUGHT_WITHOUT, _DAYS_TO_BUY = 0.09, 0.03, 10
_MOST_PEOPLE = 700
#: of those who left, one in so many pressed "report spam"
_COMPLAINS = 7
_PLANS, _CALL = (
    ("https://www.larkspur.example/plans", "See the plans"),
    ("https://www.larkspur.example/call", "Book a call"),
)
_HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;background:#f4f1ea;font:16px/1.6 Arial,sans-serif;color:#33302a">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 8px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff">
<tr><td style="padding:28px 36px"><h1 style="margin:0 0 12px;font-size:26px">{title}</h1>
<p>Good morning, here is what your beds want this week, and what can wait until the next.</p>
<p><a href="{first}" style="display:inline-block;padding:12px 26px;background:#2f6b3c;color:#fff">{first_words}</a></p>
<p>One job a day, ten minutes each: the rest of the week belongs to the kettle.</p>
<p>Would you rather do something else? <a href="{second}" style="color:#2f6b3c">{second_words}</a></p>
</td></tr></table></td></tr></table></body></html>
"""


def write_history(
    data: Path, people: Sequence[Person], *, now: Micros, seed: int, former: Sequence[Person] = ()
) -> None:
    """Put the earlier newsletters into stores that nobody has opened yet.

    Args:
        data: folder of the stores.
        people: who get them, as far as there is room.
        now: microseconds since 1970.
        seed: the same gives the same past.
        former: who got them as well until they left; nobody mails them any more.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    state, events = open_state(data / "state.sqlite"), open_events(data / "events.duckdb")
    try:
        past = _Past(state=state, readers=people[:_MOST_PEOPLE], former=former, now=now, seed=seed)
        events.write(rows=past.rows())
        past_trials.decide(state, events)
    finally:
        events.close()
        state.close()


@dataclass(kw_only=True)
class _Past:
    """Who got which letter when."""

    state: StateStore
    readers: Sequence[Person]
    former: Sequence[Person]
    now: Micros
    seed: int
    handles: Mapping[str, Handle] = field(init=False)
    draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)  # noqa: S311 - a made-up crowd
        addresses = [person.address for person in (*self.readers, *self.former)]
        self.handles = self.state.handles(addresses, now=Micros(self.now - 90 * DAY * SECOND))

    def rows(self) -> list[EventRow]:
        """All that happened."""
        letters = [(name, self._sent_at(place, days)) for place, (name, days) in enumerate(LETTERS)]
        letters.append((FRESH, Micros(self.now - _FRESH_HOURS * HOUR * SECOND)))
        return [row for place, (name, at) in enumerate(letters) for row in self._letter(place, name, at)]

    def _sent_at(self, place: int, days: int) -> Micros:
        """At another hour each time: nobody can tell a good hour from one hour alone."""
        midnight = self.now - self.now % (DAY * SECOND) - days * DAY * SECOND
        return Micros(midnight + _HOURS[place % len(_HOURS)] * HOUR * SECOND)

    def _letter(self, place: int, name: str, at: Micros) -> Iterator[EventRow]:
        campaign = self.state.campaign(name, stream="marketing", now=at)
        pages, planted = self._pages(campaign, name, at)
        letter = Letter(campaign=campaign.id, sent_at=at, now=self.now, moody=self._moody(name))
        held = (
            {self.handles[each.address] for each in self.readers[::_HELD_OF]} if name == HELD_LETTER else set[Handle]()
        )
        self.state.put_holdouts(campaign.id, dict.fromkeys(held, True), now=at)
        if held:
            yield from self._bought(letter, held)
        leaving = self._leaving(place, at)
        still = [each for number, each in enumerate(self.former) if number % (len(LETTERS) + 1) >= place]
        for number, person in enumerate((*self.readers, *still)):
            handle = self.handles[person.address]
            if handle not in held:
                variant = 0 if planted is None else variant_of(planted.experiment, planted.design, handle) or 0
                copy = Copy(
                    letter=letter, page=pages[variant], number=number, person=person, handle=handle,
                    leaves=leaving.get(person.address),
                )  # fmt: skip
                yield from copy.rows(self.draw)

    def _moody(self, name: str) -> str:
        domains = Counter(person.address.partition("@")[2] for person in self.readers)
        return domains.most_common(1)[0][0] if name == MOODY else ""

    def _pages(self, campaign: Campaign, name: str, at: Micros) -> tuple[list[Page], Planted | None]:
        """The letter, or of an experiment its variants."""
        trial = TRIALS.get(name)
        if trial is None:
            clicked = _FRESH_CLICKED if name == FRESH else _CLICKED
            return [self._page(campaign, name, name, at, clicked=clicked, is_call_first=name == FRESH)], None
        pages = [
            self._page(
                campaign, f"{name} {number}", each.subject, at, opened=each.opened, clicked=each.clicked,
                is_call_first=each.is_call_first,
            )
            for number, each in enumerate(trial.variants)
        ]  # fmt: skip
        planned = len(self.readers)
        templates = [page.template for page in pages]
        return pages, past_trials.plant(self.state, trial, campaign, templates, planned=planned, seed=self.seed, at=at)

    def _page(
        self,
        campaign: Campaign,
        key: str,
        subject: str,
        at: Micros,
        *,
        opened: float = 0.36,
        clicked: float = _CLICKED,
        is_call_first: bool = False,
    ) -> Page:
        template = TemplateId(event_id("demo history", key) % (1 << 32))
        first, second = (_CALL, _PLANS) if is_call_first else (_PLANS, _CALL)
        html = _HTML.format(
            title=campaign.name, first=first[0], first_words=first[1], second=second[0], second_words=second[1]
        )
        links = [
            LinkRow(number=number, href=href, label=label, role="cta", tracked=True)
            for number, (href, label) in enumerate((first, second), 1)
        ]
        self.state.put_template(campaign.id, template, subject=subject, html=html.encode(), links=links, now=at)
        return Page(template=template, weights=(2.0, 1.0), opened=opened, clicked=clicked)

    def _leaving(self, place: int, at: Micros) -> dict[str, EventType]:
        """Who leaves with this letter, and how."""
        gone = {}
        for number, person in enumerate(self.former):
            if number % (len(LETTERS) + 1) == place:
                kind = EventType.COMPLAINED if number % _COMPLAINS == 0 else EventType.UNSUBSCRIBED
                gone[person.address] = kind
                when = Micros(min(at + HOUR * SECOND, self.now))
                handle = self.handles[person.address]
                self.state.suppress(
                    handle, reason=str(kind), source="event", at=when, campaign=None, stream="marketing"
                )
        return gone

    def _bought(self, letter: Letter, held: Container[Handle]) -> Iterator[EventRow]:
        """What those who got it bought, and those who were held out, as a shop's server tells."""
        for number, person in enumerate(self.readers):
            handle = self.handles[person.address]
            if self.draw.random() >= (_BOUGHT_WITHOUT if handle in held else _BOUGHT):
                continue
            at = Micros(letter.sent_at + self.draw.randrange(HOUR, _DAYS_TO_BUY * DAY) * SECOND)
            made = Claim(goal="purchase", value=self.draw.randint(900, 24_900), currency="EUR", order=number)
            yield EventRow(
                id=event_id("demo history", "bought", letter.campaign, number),
                type=EventType.CONVERTED,
                at=at,
                received_at=at,
                source=Source.API,
                recipient=handle,
                modes=INDIVIDUAL.to_byte(),
                reason=made.line,
                settled=True,
            )
