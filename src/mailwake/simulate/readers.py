"""People, and the programs that fetch on their behalf: what one person does with one message.

Numbers come from `agents.toml`. A prefetch is a machine's act also where a person owns the mailbox; an image loaded
because somebody reads is that person's, whoever's proxy fetches it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from mailwake.simulate.acts import NOBODY, Act, Action, Doer, Visitor
from mailwake.simulate.chance import between, favourite, geometric, log_normal
from mailwake.simulate.mailbox import Mail
from mailwake.simulate.people import Person
from mailwake.simulate.places import World

HOUR = 3600.0

#: how each mail program loads images: (network, program); None: a person sees no images in it. A network named "home",
#: "phone" or "office" is the person's own.
_IMAGES: Mapping[str, tuple[str, str] | None] = {
    "apple_privacy": ("apple", "apple_privacy"),
    "private_relay": ("apple", "apple_privacy"),
    "gmail": ("google", "gmail_proxy"),
    "fast": ("phone", "android_mail"),
    "phone_mail": ("phone", "android_mail"),
    "vpn": ("vpn", "webmail_image"),
    "forwarder": ("home", "thunderbird"),
    "thunderbird": ("home", "thunderbird"),
    "screen_reader": None,
    "outlook_blocked": ("office", "outlook_windows"),
    "outlook_safelinks": ("office", "outlook_windows"),
    "office_webmail": ("office", "webmail_image"),
    "gateway_surfer": ("gateway", "webmail_image"),
    "image_blocker": None,
}
#: browsers that links open in: (network, program), one of them per visit
_BROWSERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "apple_privacy": (("phone", "safari_iphone"), ("home", "safari_iphone"), ("home", "safari_mac")),
    "private_relay": (("apple", "safari_iphone"), ("apple", "safari_mac")),
    "gmail": (("phone", "chrome_android"), ("home", "chrome_android"), ("home", "chrome_windows")),
    "fast": (("phone", "chrome_android"),),
    "phone_mail": (("phone", "chrome_android"), ("home", "chrome_android")),
    "vpn": (("vpn", "chrome_windows"), ("vpn", "chrome_mac")),
    "forwarder": (("home", "firefox_windows"),),
    "thunderbird": (("home", "firefox_windows"),),
    "screen_reader": (("home", "chrome_windows"),),
    "gateway_surfer": (("gateway", "edge_windows"),),
}
_OFFICE = (("office", "edge_windows"), ("office", "chrome_windows"), ("office", "firefox_windows"))


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """One message in one mailbox."""

    person: Person
    mail: Mail
    #: marketing, transactional or outbound
    stream: str
    #: hour of the day when it arrived, UTC
    hour: float
    rng: Random
    world: World
    dials: Mapping[str, Any]

    def engagement(self, what: str) -> bool:
        """Whether this person does so this time."""
        table = self.dials["engagement"].get(self.stream, self.dials["engagement"]["marketing"])
        return bool(self.rng.random() < table[what])

    def visitor(self, network: str, program: str) -> Visitor:
        """A program of this person."""
        person = self.person
        own = {"home": person.home, "phone": person.phone, "office": person.office or person.home}
        address = own.get(network) or self.world.machine_address(self.rng, network)
        return Visitor(address, self.world.programs[program].lines(self.rng, person.language))

    def browser(self) -> Visitor:
        """What a link opens in, this time."""
        return self.visitor(*self.rng.choice(_BROWSERS.get(self.person.client, _OFFICE)))

    def did(
        self,
        act: Act,
        at: float,
        *,
        url: str = "",
        visitor: Visitor = NOBODY,
        method: str = "GET",
        agent: str = "",
        doer: Doer = Doer.PERSON,
    ) -> Action:
        """An action of the person, unless it says otherwise."""
        agent = agent or self.person.client
        return Action(after_seconds=at, act=act, doer=doer, agent=agent, url=url, method=method, visitor=visitor)


def read(occasion: Occasion) -> Iterator[Action]:
    """Everything that happens to a message because of its recipient, in no order."""
    reads = occasion.engagement("read")
    read_at = _reading_time(occasion) if reads else None
    cached = False
    for action in _prefetches(occasion, read_at):
        cached = cached or occasion.person.client in ("apple_privacy", "private_relay")
        yield action
    if read_at is not None:
        yield occasion.did(Act.READ, read_at)
        if not cached:
            yield from _opens(occasion, read_at)
        yield from _answers(occasion, read_at)


def _reading_time(occasion: Occasion) -> float:
    rng, human = occasion.rng, occasion.dials["human"]
    if occasion.person.client == "fast":
        fast = occasion.dials["fast"]
        return float(fast["read_floor"] + rng.expovariate(1 / fast["read_mean"]))
    if rng.random() < human["live"]:
        return 5.0 + rng.expovariate(1 / 30.0)
    times = {**human, **human.get(occasion.stream, {})}
    return 4.0 + log_normal(rng, times["read_median"], times["read_sigma"])


def _prefetches(occasion: Occasion, read_at: float | None) -> Iterator[Action]:
    rng, client = occasion.rng, occasion.person.client
    if client in ("apple_privacy", "private_relay"):
        at = _apple_fetches(occasion)
        if at is not None and (read_at is None or at < read_at):
            yield from _images(occasion, at, "apple prefetch", Doer.MACHINE)
    elif client == "gmail":
        dials, live = occasion.dials["gmail"], occasion.dials["human"]["live"]
        if rng.random() < live and rng.random() < dials["prefetch_if_live"]:
            at = between(rng, dials["prefetch_seconds"])
            visitor = occasion.visitor("google", "gmail_prefetch")
            for url in occasion.mail.images:
                yield occasion.did(Act.OPEN, at, url=url, visitor=visitor, doer=Doer.MACHINE, agent="gmail prefetch")


def _apple_fetches(occasion: Occasion) -> float | None:
    """Seconds after arrival, or None: only when somebody reads."""
    dials, rng = occasion.dials["apple_privacy"], occasion.rng
    draw = rng.random()
    if draw < dials["now"]:
        return between(rng, dials["now_seconds"])
    if draw < dials["now"] + dials["night"]:
        local_hour = (occasion.hour + occasion.person.country.utc_offset_hours) % 24
        return (24 - local_hour) * HOUR + rng.uniform(0, 6 * HOUR)
    return None


def _opens(occasion: Occasion, at: float) -> Iterator[Action]:
    client, rng = occasion.person.client, occasion.rng
    if client.startswith("outlook") and rng.random() >= occasion.dials["outlook_blocked"]["shows_images"]:
        return
    yield from _images(occasion, at, client, Doer.PERSON)
    if client == "forwarder":
        yield from _second_reader(occasion, at)
    elif client not in ("apple_privacy", "private_relay") and rng.random() < occasion.dials["human"]["again"]:
        later = at + log_normal(rng, occasion.dials["human"]["again_median"], 1.0)
        yield from _images(occasion, later, client, Doer.PERSON)


def _images(occasion: Occasion, at: float, agent: str, doer: Doer) -> Iterator[Action]:
    way = _IMAGES[occasion.person.client]
    if way is not None and occasion.mail.images:
        visitor = occasion.visitor(*way)
        for url in occasion.mail.images:
            yield occasion.did(Act.OPEN, at, url=url, visitor=visitor, doer=doer, agent=agent)


def _second_reader(occasion: Occasion, at: float) -> Iterator[Action]:
    """Somebody it was forwarded to, elsewhere and with another program."""
    dials, rng = occasion.dials["forwarder"], occasion.rng
    later = at + log_normal(rng, dials["second_median"], dials["second_sigma"])
    home = rng.choice(occasion.world.country(rng).home)
    visitor = Visitor(
        str(home[rng.randrange(1, home.num_addresses - 1)]), occasion.visitor("home", "apple_mail").headers
    )
    for url in occasion.mail.images:
        yield occasion.did(Act.OPEN, later, url=url, visitor=visitor, agent="forwarded to")
    if occasion.mail.links and occasion.engagement("click"):
        browser = Visitor(visitor.ip, occasion.visitor("home", "chrome_mac").headers)
        url = favourite(rng, occasion.mail.links)
        yield occasion.did(Act.CLICK, later + 20.0, url=url, visitor=browser, agent="forwarded to")
    if occasion.mail.links and rng.random() < dials["preview"]:
        yield _preview(occasion, at + 30.0)


def _preview(occasion: Occasion, at: float) -> Action:
    visitor = occasion.world.machine(occasion.rng, "preview", "preview")
    url = favourite(occasion.rng, occasion.mail.links)
    after = at + occasion.rng.uniform(1, 30)
    return occasion.did(Act.CLICK, after, url=url, visitor=visitor, doer=Doer.MACHINE, agent="preview bot")


def _answers(occasion: Occasion, read_at: float) -> Iterator[Action]:
    """Clicks, and what ends a subscription."""
    rng, mail, human = occasion.rng, occasion.mail, occasion.dials["human"]
    at = read_at + _dwell(occasion)
    if mail.links and occasion.engagement("click"):
        yield from _clicks(occasion, at)
        if rng.random() < human["share_preview"]:
            yield _preview(occasion, at + 20.0)
    if occasion.engagement("complain"):
        yield occasion.did(Act.COMPLAIN, at + 30.0)
    elif occasion.engagement("unsubscribe"):
        if mail.one_click and rng.random() < human["header_button"]:
            provider = occasion.world.machine(rng, "google", "provider")
            yield occasion.did(Act.ONE_CLICK, at + 20.0, url=mail.one_click, visitor=provider, method="POST")
        elif mail.unsubscribe_page:
            yield occasion.did(Act.BUTTON, at + 40.0, url=mail.unsubscribe_page, visitor=occasion.browser())


def _dwell(occasion: Occasion) -> float:
    dials = {**occasion.dials["human"], **occasion.dials.get(occasion.person.client, {})}
    return log_normal(occasion.rng, dials["dwell_median"], dials["dwell_sigma"])


def _clicks(occasion: Occasion, at: float) -> Iterator[Action]:
    rng = occasion.rng
    dials = {**occasion.dials["human"], **occasion.dials.get(occasion.person.client, {})}
    browser, in_tabs = occasion.browser(), rng.random() < dials["open_tabs"]
    count = max(1 + geometric(rng, dials["more_links"]), 2 if in_tabs else 1)
    for url in dict.fromkeys(favourite(rng, occasion.mail.links) for _ in range(count)):
        yield from _pre_check(occasion, at, url)
        yield occasion.did(Act.CLICK, at, url=url, visitor=browser)
        at += rng.uniform(0.8, 3.0) if in_tabs else log_normal(rng, dials["gap_median"], dials["gap_sigma"])
    if rng.random() < dials["again"]:
        later = at + log_normal(rng, dials["again_median"], 1.0)
        yield occasion.did(Act.CLICK, later, url=favourite(rng, occasion.mail.links), visitor=browser)


def _pre_check(occasion: Occasion, at: float, url: str) -> Iterator[Action]:
    """Microsoft looks at a link just before it lets the person through."""
    dials, rng = occasion.dials["outlook_safelinks"], occasion.rng
    if occasion.person.client == "outlook_safelinks" and rng.random() < dials["pre_check"]:
        visitor = occasion.world.machine(rng, "microsoft", "microsoft_current")
        before = at - between(rng, dials["pre_check_seconds"])
        yield occasion.did(Act.CLICK, before, url=url, visitor=visitor, doer=Doer.MACHINE, agent="safe links")
