"""Where the links of a message lead today, followed as readers would.

A tracked link of ours is opened with our own keys and its target is followed: asking the edge would be a click. Links
to leave a list are asked with HEAD alone, because some pages take a GET for the wish itself. One host is asked one
thing at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from mailwake.compose.targets import judge_target
from mailwake.language import noted
from mailwake.preflight.body import tag_in
from mailwake.preflight.findings import Finding, Unknown, finding
from mailwake.preflight.links import is_misspelt
from mailwake.preflight.mail import Mail
from mailwake.preflight.surroundings import Surroundings
from mailwake.preflight.unsubscribing import leads_off
from mailwake.visiting.asking import Fault, Lifetime
from mailwake.visiting.visitor import End, Visit, Visitor

#: Different targets that are followed; a mail with more is a catalogue, and a sample will do.
MOST_TARGETS = 100
MOST_PICTURES = 50
#: For all of them together.
MOST_SECONDS = 120.0
_WORKERS = 8
#: More redirects than this, and rspamd's and others' limits for nested redirectors come near.
MANY_REDIRECTS = 3
SLOW_SECONDS = 3.0
#: Why nobody gets to the page, by the fault of the last hop.
_FAULTS = {
    Fault.UNKNOWN_HOST: "link_unknown_host",
    Fault.NO_ANSWER: "link_no_answer",
    Fault.NOT_HTTP: "link_no_answer",
    Fault.TLS: "link_tls",
    Fault.PRIVATE: "link_private",
    Fault.SCHEME: "link_nowhere",
    Fault.UNFIT: "link_nowhere",
    Fault.TIMEOUT: "link_silent",
}
_ENDS = {End.LOOP: "link_circle", End.ENDLESS: "link_endless", End.NOWHERE: "link_nowhere"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """An address that some link leads to, or that a picture is at."""

    url: str
    #: of the first link that leads there
    line: int
    only_head: bool = False
    is_picture: bool = False


def targets(mail: Mail, around: Surroundings) -> list[Target]:
    """What has to be followed, each once, in document order."""
    found: dict[str, Target] = {}
    for anchor in mail.links:
        href = anchor.link.href
        ours = anchor.host in around.hosts
        url = (around.installation.target(href) if around.installation and ours else None) if ours else href
        if not url or judge_target(url)[0] is not None or tag_in(unquote(url)) or is_misspelt(url):
            continue
        leaves = leads_off(anchor, mail, around)
        url = _asked(url)
        known = found.get(url)
        if known is None:
            found[url] = Target(url=url, line=anchor.line, only_head=leaves)
        elif leaves and not known.only_head:
            found[url] = replace(known, only_head=True)
    return list(found.values())


def _asked(url: str) -> str:
    """What a browser asks for: no fragment, and spaces encoded."""
    return url.partition("#")[0].replace(" ", "%20")


def pictures(mail: Mail, around: Surroundings) -> list[Target]:
    """Addresses of pictures that readers are meant to see; asking for any other may count as an open somewhere."""
    found: dict[str, Target] = {}
    for page in mail.pages:
        for image in page.page.images:
            why, host = judge_target(image.src)
            is_meant = not (image.is_dot or image.is_hidden or tag_in(image.src))
            if why is None and host not in around.hosts and is_meant:
                url = _asked(image.src)
                found.setdefault(url, Target(url=url, line=page.line(image.start), is_picture=True))
    return list(found.values())


def check_targets(mail: Mail, around: Surroundings) -> Iterator[Finding | Unknown]:
    """Follow the links of a message, and say what readers will meet."""
    if around.visitor is None:
        return
    wanted = targets(mail, around)
    if len(wanted) > MOST_TARGETS:
        what = noted("%(count)s further links were not followed: the first %(most)s are enough for one look")
        yield Unknown(what=what, values={"count": str(len(wanted) - MOST_TARGETS), "most": str(MOST_TARGETS)})
    wanted = wanted[:MOST_TARGETS]
    known = {target.url for target in wanted}
    wanted += [target for target in pictures(mail, around) if target.url not in known][:MOST_PICTURES]
    visits = follow(wanted, around.visitor, each=around.each)
    for target in wanted:
        visit = visits.get(target.url)
        if visit is None:
            what = noted("%(url)s was not followed: the time for all links together was up")
            yield Unknown(what=what, values={"url": target.url})
        else:
            yield from _judge_picture(target, visit) if target.is_picture else _judge(target, visit)
    seen = [(hop, target.line) for target in wanted if target.url in visits for hop in visits[target.url].hops]
    for host, (hop, line) in {urlsplit(hop.url).hostname or "": (hop, line) for hop, line in reversed(seen)}.items():
        yield from check_lifetime(hop.lifetime, host, line)


def follow(
    wanted: list[Target], visitor: Visitor, *, each: Callable[[str], None] = lambda _: None
) -> Mapping[str, Visit]:
    """The visits to each target that there was time for; one host is asked one thing at a time."""
    by_host: dict[str, list[Target]] = {}
    for target in wanted:
        by_host.setdefault(urlsplit(target.url).hostname or "", []).append(target)
    ends, visits = time.monotonic() + MOST_SECONDS, dict[str, Visit]()

    def of_one_host(host: str) -> None:
        for target in by_host[host]:
            if time.monotonic() < ends:
                each(target.url)
                visits[target.url] = visitor.visit(target.url, only_head=target.only_head)

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(of_one_host, by_host))
    return visits


def _judge_picture(target: Target, visit: Visit) -> Iterator[Finding | Unknown]:
    """Whether readers see it; a server that is in trouble, or turns programs away, may show it all the same."""
    fault = visit.fault.value.replace("_", " ") if visit.fault else visit.end.value
    if visit.is_alive is False or visit.fault is Fault.PRIVATE:
        why = str(visit.status) if visit.end is End.ANSWER else fault
        yield finding("image_dead", target.line, target.url, src=target.url, why=why)
    elif visit.is_alive is None:
        what = noted("%(url)s, a picture, could not be looked at (%(status)s)")
        yield Unknown(what=what, values={"url": target.url, "status": str(visit.status or fault)})


def _judge(target: Target, visit: Visit) -> Iterator[Finding | Unknown]:
    line, words, host = target.line, target.url, urlsplit(visit.url).hostname or ""
    if visit.fault is Fault.NO_DNS:
        yield Unknown(what=noted("%(url)s was not followed: no name server answers"), values={"url": target.url})
        return
    if visit.end is not End.ANSWER:
        code = _ENDS.get(visit.end) or _FAULTS[visit.fault or Fault.NO_ANSWER]
        yield finding(code, line, words, host=host, url=target.url, reason=visit.detail or "tls")
        return
    status = visit.status or 0
    if visit.is_alive is None:
        if status >= 500 and status not in (501, 999):
            yield finding("link_error", line, words, host=host, url=target.url, status=str(status))
        else:
            what = noted("%(url)s turns programs away (%(status)s); open it in a browser")
            yield Unknown(what=what, values={"url": target.url, "status": str(status)})
    elif not visit.is_alive:
        yield finding("link_dead", line, words, host=host, url=target.url, status=str(status))
    yield from _way(target, visit)


def check_lifetime(lifetime: Lifetime | None, host: str, line: int) -> Iterator[Finding]:
    """That a certificate does not end within days."""
    if lifetime and lifetime.is_ending:
        yield finding("certificate_ends", line, host, host=host, days=f"{lifetime.seconds_left / 86_400:.1f}")


def _way(target: Target, visit: Visit) -> Iterator[Finding]:
    """What is wrong with how one gets there."""
    line, words = target.line, target.url
    if visit.redirects > MANY_REDIRECTS:
        yield finding("link_redirects", line, words, url=target.url, count=str(visit.redirects))
    schemes = [urlsplit(hop.url).scheme for hop in visit.hops]
    if any(before == "https" and after == "http" for before, after in pairwise(schemes)):
        yield finding("link_downgraded", line, words, url=target.url)
    if visit.seconds > SLOW_SECONDS:
        yield finding("link_slow", line, words, url=target.url, seconds=f"{visit.seconds:.1f}")
