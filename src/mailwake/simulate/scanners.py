"""Mail gateways: what each vendor's machine does with a message before or after it is delivered.

One function per vendor; numbers and their sources are in `agents.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from mailwake.simulate.acts import Act, Action, Doer, Visitor
from mailwake.simulate.chance import between, from_quantiles, log_normal, part_of
from mailwake.simulate.mailbox import Mail
from mailwake.simulate.readers import Occasion

Scan = Callable[[Occasion, Mapping[str, Any]], Iterator[Action]]


def scan(occasion: Occasion) -> Iterator[Action]:
    """What the gateway before this mailbox does, in no order; often nothing, as gateways sample."""
    gateway = occasion.person.gateway
    dials = occasion.dials.get(gateway)
    if dials is not None and occasion.rng.random() < dials["scans"]:
        yield from _SCANS[gateway](occasion, dials)


def _machine(agent: str, act: Act, at: float, *, url: str, visitor: Visitor, method: str = "GET") -> Action:
    return Action(after_seconds=at, act=act, doer=Doer.MACHINE, agent=agent, url=url, method=method, visitor=visitor)


def _everything(mail: Mail) -> list[str]:
    """All that a program finds in the source, Outlook's own links too."""
    return list(dict.fromkeys((*mail.links, *mail.mso_links)))


def _follow(
    agent: str, urls: Sequence[str], start: float, *, gap_mean: float, rng: Random, visitor: Callable[[], Visitor]
) -> Iterator[Action]:
    at = start
    for url in urls:
        yield _machine(agent, Act.CLICK, at, url=url, visitor=visitor())
        at += rng.expovariate(1 / gap_mean)


def _load(agent: str, occasion: Occasion, at: float, visitor: Visitor) -> Iterator[Action]:
    for url in occasion.mail.images:
        yield _machine(agent, Act.OPEN, at, url=url, visitor=visitor)


def _microsoft(occasion: Occasion, dials: Mapping[str, Any]) -> Callable[[], Visitor]:
    """One address for a sweep; what it claims to be changes per request."""
    rng, world = occasion.rng, occasion.world
    address = world.machine_address(rng, "microsoft")
    program = "microsoft_stale" if rng.random() < dials["stale"] else "microsoft_current"
    return lambda: Visitor(address, world.programs[program].lines(rng, ""))


def _m365_burst(occasion: Occasion, dials: Mapping[str, Any]) -> Iterator[Action]:
    rng, mail = occasion.rng, occasion.mail
    if rng.random() < dials["opens"]:
        at = log_normal(rng, dials["open_median"], dials["open_sigma"])
        yield from _load("m365", occasion, at, occasion.world.machine(rng, "microsoft", "microsoft_current"))
    urls = _everything(mail)
    if rng.random() >= dials["all_links"]:
        urls = part_of(rng, urls, 0.5)
    start, visitor = from_quantiles(rng, dials["start"]), _microsoft(occasion, dials)
    yield from _follow("m365", urls, start, gap_mean=dials["gap_mean"], rng=rng, visitor=visitor)
    if urls and rng.random() < dials["mutates"]:
        yield _machine("m365", Act.SCRAMBLE, start + 0.01, url=urls[0] + "%27/", visitor=visitor())


def _m365_single(occasion: Occasion, dials: Mapping[str, Any]) -> Iterator[Action]:
    rng = occasion.rng
    urls = part_of(rng, occasion.mail.links, rng.choice((1, 2)) / max(1, len(occasion.mail.links)))
    start = from_quantiles(rng, occasion.dials["m365_burst"]["start"])
    yield from _follow("m365 single", urls, start, gap_mean=30.0, rng=rng, visitor=_microsoft(occasion, dials))


def _eop_head(occasion: Occasion, dials: Mapping[str, Any]) -> Iterator[Action]:
    rng = occasion.rng
    for url in part_of(rng, occasion.mail.links, between(rng, dials["coverage"])):
        visitor = occasion.world.machine(rng, "eop", "no_agent")
        yield _machine("eop", Act.CLICK, between(rng, dials["seconds"]), url=url, visitor=visitor, method="HEAD")


def _barracuda(occasion: Occasion, dials: Mapping[str, Any]) -> Iterator[Action]:
    visitor = occasion.world.machine(occasion.rng, "barracuda", "scanner_browser")
    for url in occasion.mail.links[:1]:
        yield _machine("barracuda", Act.CLICK, between(occasion.rng, dials["seconds"]), url=url, visitor=visitor)


def _proofpoint(occasion: Occasion, dials: Mapping[str, Any]) -> Iterator[Action]:
    rng, mail = occasion.rng, occasion.mail

    def visitor() -> Visitor:
        network = "amazon" if rng.random() < dials["cloud"] else "proofpoint"
        return occasion.world.machine(rng, network, "scanner_browser")

    start = log_normal(rng, dials["start_median"], dials["start_sigma"])
    if rng.random() < dials["opens"]:
        yield from _load("proofpoint", occasion, start, visitor())
    urls = part_of(rng, _everything(mail), between(rng, dials["coverage"]))
    yield from _follow("proofpoint", urls, start, gap_mean=dials["gap_mean"], rng=rng, visitor=visitor)
    if mail.unsubscribe_page and rng.random() < dials["looks_at_unsubscribe"]:
        yield _machine("proofpoint", Act.LOOK, start + 5.0, url=mail.unsubscribe_page, visitor=visitor())
    if rng.random() < dials["again"]:
        later = start + log_normal(rng, dials["again_median"], 1.0)
        yield from _follow("proofpoint", urls, later, gap_mean=dials["gap_mean"], rng=rng, visitor=visitor)


def _mimecast(occasion: Occasion, dials: Mapping[str, Any]) -> Iterator[Action]:
    rng, visitor = occasion.rng, occasion.world.machine(occasion.rng, "mimecast", "scanner_browser")
    start = log_normal(rng, dials["start_median"], dials["start_sigma"])
    yield from _follow(
        "mimecast", occasion.mail.links, start, gap_mean=dials["gap_mean"], rng=rng, visitor=lambda: visitor
    )


def _trend(occasion: Occasion, dials: Mapping[str, Any]) -> Iterator[Action]:
    rng = occasion.rng
    start = between(rng, dials["seconds"])
    if rng.random() < dials["opens"]:
        yield from _load("trend", occasion, start, occasion.world.machine(rng, "amazon", "scanner_browser"))
    visitor = occasion.world.machine(rng, "amazon", "scanner_browser")
    yield from _follow(
        "trend", occasion.mail.links, start, gap_mean=dials["gap_mean"], rng=rng, visitor=lambda: visitor
    )


_SCANS: Mapping[str, Scan] = {
    "m365_burst": _m365_burst,
    "m365_single": _m365_single,
    "eop_head": _eop_head,
    "barracuda": _barracuda,
    "proofpoint": _proofpoint,
    "mimecast": _mimecast,
    "trend": _trend,
}
