"""People: where they sit, what they read with, when they read and what they follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from mailwake.simulate.chance import geometric, log_normal
from mailwake.worlds.hits import Copy, Hit, Visitor
from mailwake.worlds.places import Places, Pool
from mailwake.worlds.programs import APPLE, GMAIL, GMAIL_PREFETCH, YAHOO, Programs, visitor

_HOUR = 3600.0
#: kinds of people and their parts, in private mailboxes and in companies. Source: the parts are judgement; worlds vary
#: them by a factor of up to four each.
PRIVATE = {
    "apple": 40,
    "gmail": 26,
    "yahoo": 6,
    "phone_mail": 8,
    "thunderbird": 4,
    "fast": 4,
    "vpn": 3,
    "private_relay": 4,
    "screen_reader": 2,
    "plain_text": 1.5,
    "tab_opener": 3,
    "old_browser": 3,
    "no_language": 1,
    "two_devices": 4,
    "explorer": 2,
}
COMPANY = {
    "outlook": 30,
    "safelinks": 14,
    "owa": 18,
    "apple": 12,
    "gmail": 8,
    "gateway": 8,
    "remote_desktop": 5,
    "isolation": 3,
    "vpn": 3,
    "tab_opener": 3,
    "all_hands": 4,
    "screen_reader": 2,
    "stripped": 3,
    "old_browser": 3,
    "fast": 2,
    "explorer": 2,
}
_OPENS = {
    "apple": "mpp",
    "private_relay": "mpp",
    "gmail": "gmail",
    "yahoo": "yahoo",
    "owa": "owa",
    "image_blocker": "none",
    "plain_text": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the people of one world read; times in seconds, medians and sigmas of log-normals."""

    read_rate: float
    click_rate: float
    read_median: float
    read_sigma: float
    live: float
    dwell_median: float
    dwell_sigma: float
    more_links: float
    gap_median: float
    tabs: float
    returns: float
    blocked: float
    replies: float
    converts: float
    prefetch_now: float
    prefetch_night: float
    code_median: float


@dataclass(slots=True, kw_only=True)
class Person:
    """One recipient."""

    kind: str
    #: makes the visitor of a new session
    enter: Callable[[], Visitor]
    opens: str
    second: Callable[[], Visitor] | None = None
    eagerness: float = 1.0


@dataclass(slots=True, kw_only=True)
class Office:
    """What the people of one company share."""

    network: str
    gateway: Pool
    azure: Pool
    isolation: Pool
    #: they are told at one moment to read it
    all_hands_at: float
    address: str = field(init=False)

    def __post_init__(self) -> None:
        self.address = f"{self.network}.{sum(map(int, self.network.split('.'))) % 200 + 10}"


class People:
    """Makes the people of one world, and lets them read.

    Args:
        parts: parts of the kinds of people, private and in companies.
    """

    def __init__(self, rng: Random, places: Places, programs: Programs, habits: Habits) -> None:
        self._rng, self._places, self._programs, self._habits = rng, places, programs, habits
        self._parts = [
            {name: part * rng.choice((0.25, 0.5, 1, 1, 2, 4)) for name, part in table.items()}
            for table in (PRIVATE, COMPANY)
        ]
        self._images = {
            "gmail": places.fleet("google", 200),
            "yahoo": places.fleet("yahoo", 200),
            "owa": places.fleet("owa", 300),
            "mpp": places.fleet("apple", 2_000),
        }
        self._vpn, self._relay = places.fleet("vpn", 120), places.fleet("apple", 2_000)

    def make(self, office: Office | None) -> Person:
        """Somebody at home, or in a company."""
        rng, table = self._rng, self._parts[office is not None]
        kind = rng.choices(list(table), list(table.values()))[0]
        country = rng.randrange(12)
        home, at_office = self._places.home(country), office is not None
        mobile = rng.random() < (0.25 if at_office else 0.6) and kind not in ("remote_desktop", "isolation", "outlook")
        age = {"old_browser": rng.randrange(20, 60)}.get(kind, rng.choice((0, 0, 0, 1, 1, 2, 4)))
        device = "mobile" if mobile else "desktop"
        family = "safari" if kind in ("apple", "private_relay") and rng.random() < 0.85 else ""
        program = self._damaged(kind, self._programs.browser(device, age=age, family=family))
        if kind == "isolation":
            program = self._programs.machine("headless" if rng.random() < 0.5 else "current", language=0.9, fetch=0.9)
        desk = office.address if office else home

        def enter() -> Visitor:
            if kind in ("gateway", "remote_desktop", "isolation") and office:
                pool = {"gateway": office.gateway, "remote_desktop": office.azure, "isolation": office.isolation}[kind]
                return visitor(pool(), program)
            if kind == "vpn":
                return visitor(self._vpn(), program)
            if kind == "private_relay":
                return visitor(self._relay(), program)
            if mobile and rng.random() < 0.6:
                return visitor(self._places.phone(country), program)
            return visitor(desk if rng.random() < 0.85 else home, program)

        other = self._programs.browser("desktop" if mobile else "mobile")
        second = (lambda: visitor(self._places.phone(country), other)) if kind == "two_devices" else None
        opens = _OPENS.get(kind, "direct")
        if opens == "direct" and rng.random() < self._habits.blocked * (1.5 if at_office else 0.5):
            opens = "none"
        return Person(kind=kind, enter=enter, opens=opens, second=second, eagerness=rng.lognormvariate(0, 0.7))

    def _damaged(self, kind: str, program: tuple[str, dict[str, str]]) -> tuple[str, dict[str, str]]:
        """What some networks and privacy tools do to headers."""
        agent, headers = program
        if kind == "stripped":
            headers = {name: value for name, value in headers.items() if not name.startswith("Sec-")}
        if kind == "no_language" or (kind == "stripped" and self._rng.random() < 0.4):
            headers = {name: value for name, value in headers.items() if name != "Accept-Language"}
        return agent, headers

    # --- one copy

    def receive(self, person: Person, copy: Copy, office: Office | None, *, keenness: float = 1.0) -> None:
        """Let somebody receive a copy: proxies fetch, and perhaps they read and click.

        Args:
            keenness: how often people of this domain click, against all others.
        """
        habits, rng = self._habits, self._rng
        at = copy.delivered_at + self._delay(person, copy, office)
        rate = 0.75 if copy.stream == "transactional" else min(0.95, habits.read_rate * person.eagerness)
        reads = rng.random() < rate
        prefetched = person.opens == "mpp" and self._prefetch(copy)
        live = reads and at - copy.delivered_at < 120 and person.opens == "gmail"
        if live and rng.random() < 0.5:
            self._image(copy, "gmail", copy.delivered_at + rng.uniform(0.5, 4), GMAIL_PREFETCH, human=False)
        if not reads:
            return
        copy.read = True
        here = person.enter()
        self._open(person, copy, here, at, prefetched=prefetched)
        click = 0.6 if copy.stream == "transactional" else habits.click_rate
        if rng.random() < min(0.9, click * keenness * (2.0 if person.kind == "explorer" else 1.0)):
            self._click(person, copy, here, at, office)

    def _delay(self, person: Person, copy: Copy, office: Office | None) -> float:
        habits, rng = self._habits, self._rng
        if copy.stream == "transactional":
            return 3 + log_normal(rng, habits.code_median, 1.0)
        if person.kind == "fast":
            return 3 + rng.expovariate(1 / 45)
        if person.kind == "all_hands" and office:
            return max(20.0, office.all_hands_at + rng.gauss(0, 40))
        if rng.random() < habits.live:
            return 4 + log_normal(rng, 40, 1.0)
        return 2 + log_normal(rng, habits.read_median, habits.read_sigma)

    def _prefetch(self, copy: Copy) -> bool:
        """Apple fetches before anybody looks."""
        rng, draw = self._rng, self._rng.random()
        if draw < self._habits.prefetch_now:
            self._image(copy, "mpp", copy.delivered_at + rng.uniform(5, 300), APPLE, human=False)
        elif draw < self._habits.prefetch_now + self._habits.prefetch_night:
            self._image(copy, "mpp", copy.delivered_at + rng.uniform(2 * _HOUR, 20 * _HOUR), APPLE, human=False)
        else:
            return False
        return True

    def _image(self, copy: Copy, pool: str, at: float, agent: str, *, human: bool) -> None:
        here = visitor(self._images[pool](), self._programs.image(agent))
        copy.hits.append(
            Hit(type="opened", at=at, delivery=copy.number, visitor=here, human=human, agent=f"{pool}_image")
        )

    def _open(self, person: Person, copy: Copy, here: Visitor, at: float, *, prefetched: bool) -> None:
        if person.opens == "none" or (person.opens == "mpp" and prefetched):
            return
        proxies = {"gmail": GMAIL, "yahoo": YAHOO, "mpp": APPLE, "owa": here.ua}
        if person.opens in proxies:
            self._image(copy, person.opens, at, proxies[person.opens], human=True)
            return
        program = (here.ua, dict(here.headers)) if self._rng.random() < 0.6 else self._programs.mail_program()
        copy.hits.append(
            Hit(
                type="opened",
                at=at,
                delivery=copy.number,
                visitor=visitor(here.ip, program),
                human=True,
                agent=person.kind,
            )
        )

    def _click(  # noqa: PLR0917 - who reads what, where and when
        self, person: Person, copy: Copy, here: Visitor, at: float, office: Office | None
    ) -> None:
        habits, rng = self._habits, self._rng
        at += log_normal(rng, 4.0 if person.kind == "fast" else habits.dwell_median, habits.dwell_sigma)
        for place, link in enumerate(self._choose(person, copy)):
            if place:
                at += self._gap(person)
            if person.kind == "safelinks" and office and rng.random() < 0.5:
                checker = visitor(office.azure(), self._programs.machine("mixed", language=0.5, fetch=0.4))
                self._follow(copy, checker, at - rng.uniform(0.2, 3), link, human=False, agent="precheck")
            self._follow(copy, here, at, link, human=True, agent=person.kind)
        self._afterwards(person, copy, here, at)

    def _follow(self, copy: Copy, who: Visitor, at: float, link: int, *, human: bool, agent: str) -> None:
        kind = "unsub_view" if link < 0 else "clicked"
        copy.hits.append(
            Hit(
                type=kind,
                at=at,
                delivery=copy.number,
                visitor=who,
                human=human,
                agent=agent,
                link=link if link > 0 else None,
            )
        )

    def _choose(self, person: Person, copy: Copy) -> list[int]:
        habits, rng = self._habits, self._rng
        more = {"screen_reader": 0.4, "explorer": 0.75, "tab_opener": 0.5}.get(person.kind, habits.more_links)
        count = min(copy.links, 1 + geometric(rng, more))
        links = list(range(1, copy.links + 1))
        weights = [1 / rank**1.1 if rank <= copy.links - 2 or copy.links < 4 else 0.02 for rank in links]
        chosen: list[int] = []
        while len(chosen) < count:
            link = rng.choices(links, weights)[0]
            if link not in chosen or rng.random() < 0.1:
                chosen.append(link)
        return sorted(chosen) if person.kind in ("screen_reader", "explorer") else chosen

    def _gap(self, person: Person) -> float:
        rng = self._rng
        if person.kind == "tab_opener" or rng.random() < self._habits.tabs:
            return rng.uniform(0.6, 3.0)
        return log_normal(rng, self._habits.gap_median, 1.2 if person.kind != "screen_reader" else 0.6)

    def _afterwards(self, person: Person, copy: Copy, here: Visitor, at: float) -> None:
        habits, rng = self._habits, self._rng
        if person.kind in ("screen_reader", "plain_text") and copy.decoys and rng.random() < 0.4:
            copy.hits.append(
                Hit(
                    type="decoy",
                    at=at + log_normal(rng, 10, 0.6),
                    delivery=copy.number,
                    visitor=here,
                    human=True,
                    agent=person.kind,
                )
            )
        if rng.random() < 0.02:
            self._follow(copy, here, at + log_normal(rng, 20, 1), -1, human=True, agent=person.kind)
        if rng.random() < habits.returns:
            later = at + log_normal(rng, 20_000, 1.5)
            again = person.second() if person.second else here if rng.random() < 0.6 else person.enter()
            if person.opens == "direct":
                self._open(person, copy, again, later, prefetched=False)
            for link in self._choose(person, copy)[:2]:
                later += log_normal(rng, 15, 1)
                self._follow(copy, again, later, link, human=True, agent=person.kind)
        for kind, chance, median in (("converted", habits.converts, 300), ("replied", habits.replies, 3_000)):
            if rng.random() < chance:
                copy.hits.append(
                    Hit(
                        type=kind,
                        at=at + log_normal(rng, median, 1),
                        delivery=copy.number,
                        visitor=None,
                        human=True,
                        agent=person.kind,
                    )
                )


def draw_habits(rng: Random) -> Habits:
    """Habits of one world, from wide ranges."""
    return Habits(
        read_rate=rng.uniform(0.1, 0.5),
        click_rate=rng.uniform(0.06, 0.4),
        read_median=21_300 * rng.lognormvariate(0, 0.6),
        read_sigma=rng.uniform(1.7, 2.6),
        live=rng.uniform(0, 0.08),
        dwell_median=rng.uniform(6, 40),
        dwell_sigma=rng.uniform(0.8, 1.4),
        more_links=rng.uniform(0.05, 0.4),
        gap_median=rng.uniform(8, 50),
        tabs=rng.uniform(0, 0.2),
        returns=rng.uniform(0.02, 0.3),
        blocked=rng.uniform(0.05, 0.5),
        replies=rng.choice((0, 0, 0.02, 0.1)),
        converts=rng.choice((0, 0, 0.05, 0.2)),
        prefetch_now=rng.uniform(0.1, 0.45),
        prefetch_night=rng.uniform(0.1, 0.5),
        code_median=rng.uniform(12, 60),
    )
