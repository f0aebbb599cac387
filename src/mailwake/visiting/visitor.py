"""Where a link leads in the end: followed hop by hop as a browser would, asking for heads alone where that is enough.

A server that refuses HEAD is asked with GET, of which next to nothing is read. No cookies, no scripts, no forms: what a
page does with those is not seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urljoin, urlsplit

from mailwake.visiting.asking import Fault, Lifetime, Reply, Unreached, Wall, ask

#: Browsers follow twenty; whoever needs more than half of that has a loop or something to hide.
MOST_HOPS = 10
#: Of pages nothing is read but what comes along.
_MOST_BYTES = 1_024
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
#: Not "no": asked too often, or with a method that is not offered, or by a program that is not liked.
_NOT_WITH_HEAD = frozenset(range(400, 600)) - {429}
#: Faults that say nothing of what readers get.
_CANNOT_SAY = frozenset((Fault.TIMEOUT, Fault.NO_DNS, Fault.PRIVATE, Fault.UNFIT))
#: Says who asks and why, so that operators can tell us apart from readers.
AGENT = "Mailwake (checks where the links of mail lead)"


class End(StrEnum):
    """How a visit ended."""

    #: with a page, or whatever the status says
    ANSWER = "answer"
    #: some hop did not answer
    FAULT = "fault"
    #: a redirect leads back to where the visit has been
    LOOP = "loop"
    #: more redirects than anybody follows
    ENDLESS = "endless"
    #: a redirect that names no place
    NOWHERE = "nowhere"


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One place on the way."""

    url: str
    #: of the answer; None: there is none
    status: int | None
    #: until it was there
    seconds: float
    #: of its certificate; None: there is none, or it did not answer
    lifetime: Lifetime | None = None


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What became of a link that was followed."""

    #: from the link itself to where it ended; never empty
    hops: tuple[Hop, ...]
    end: End
    #: why the last hop did not answer; None: it did
    fault: Fault | None = None
    #: what is wrong with the certificate of the last hop, as OpenSSL says it; empty: something else is wrong
    detail: str = ""

    @property
    def status(self) -> int | None:
        """Of the last hop; None: it did not answer."""
        return self.hops[-1].status

    @property
    def url(self) -> str:
        """Where it ended."""
        return self.hops[-1].url

    @property
    def redirects(self) -> int:
        """How many times it was sent on."""
        return len(self.hops) - 1

    @property
    def seconds(self) -> float:
        """From the first packet to the last answer."""
        return sum(hop.seconds for hop in self.hops)

    @property
    def is_alive(self) -> bool | None:
        """Whether a reader who clicks gets to a page; None: cannot say.

        Statuses by which servers turn programs away, and faults of a moment, say nothing of what readers get.
        """
        if self.end is not End.ANSWER:
            return None if self.fault in _CANNOT_SAY else False
        status = self.status or 0
        if status in (401, 403, 405, 406, 408, 429, 501, 999) or status >= 500:
            return None
        return 200 <= status < 400


class Visitor:
    """Follows links.

    Args:
        wall: where may be called, and how much each hop may cost.
        agent: who we say we are.
        most_seconds: for all hops of a visit.
        clock: seconds, by a clock that nobody sets.
    """

    def __init__(
        self,
        wall: Wall,
        *,
        agent: str = AGENT,
        most_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._headers = {"user-agent": agent, "accept": "*/*", "connection": "close"}
        self._most_seconds, self._clock = most_seconds, clock

    def visit(self, url: str, *, only_head: bool = False) -> Visit:
        """Follow a link to its end.

        Args:
            url: where to begin.
            only_head: never ask with GET, which some pages take for the wish itself, such as that to unsubscribe.
        """
        url, ends = url.partition("#")[0], self._clock() + self._most_seconds
        hops: list[Hop] = []
        while True:
            try:
                reply = self._hop(url, ends, only_head=only_head)
            except Unreached as fault:
                hops.append(Hop(url=url, status=None, seconds=0.0))
                return Visit(hops=tuple(hops), end=End.FAULT, fault=fault.fault, detail=fault.detail)
            hops.append(Hop(url=url, status=reply.status, seconds=reply.seconds, lifetime=reply.lifetime))
            target = _target(url, reply)
            if target is None:
                return Visit(hops=tuple(hops), end=End.ANSWER)
            if not target:
                return Visit(hops=tuple(hops), end=End.NOWHERE)
            if any(hop.url == target for hop in hops):
                return Visit(hops=tuple(hops), end=End.LOOP)
            if len(hops) > MOST_HOPS:
                return Visit(hops=tuple(hops), end=End.ENDLESS)
            url = target

    def _hop(self, url: str, ends: float, *, only_head: bool) -> Reply:
        """The answer of one place.

        Raises:
            Unreached: there is none.
        """
        if (left := ends - self._clock()) <= 0:
            raise Unreached(Fault.TIMEOUT, "", "there is no time left")
        try:
            reply = self._ask("HEAD", url, left)
        except Unreached as fault:
            # some servers drop whoever asks with HEAD, or let them wait; the others are asked in vain once more
            if only_head or fault.fault not in (Fault.NO_ANSWER, Fault.NOT_HTTP, Fault.TIMEOUT):
                raise
            if (left := ends - self._clock()) <= 0:
                raise
        else:
            if only_head or reply.status not in _NOT_WITH_HEAD:
                return reply
        return self._ask("GET", url, left)

    def _ask(self, method: str, url: str, left: float) -> Reply:
        wall = Wall(
            allow_private=self._wall.allow_private,
            lookup=self._wall.lookup,
            trust=self._wall.trust,
            seconds=min(self._wall.seconds, left),
            most_bytes=min(self._wall.most_bytes, _MOST_BYTES),
        )
        return ask(method, url, headers=self._headers, wall=wall)


def _target(url: str, reply: Reply) -> str | None:
    """Where a redirect leads, without its fragment; empty: nowhere; None: it is none."""
    if reply.status not in _REDIRECTS:
        return None
    written = reply.headers.get("location", "").strip()
    if not written:
        return ""
    sent = written.encode("latin-1", "replace")  # http.client reads heads as that
    try:
        written = sent.decode()  # a host is such a name, and asking encodes the rest
    except UnicodeDecodeError:
        written = quote(sent, safe="!#$%&'*+,/:;=?@[]~\\ ()")
    try:
        target = urljoin(url, written.replace(" ", "%20")).partition("#")[0]
        return target if urlsplit(target).scheme else ""
    except ValueError:
        return ""
