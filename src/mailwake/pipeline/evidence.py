"""From a request to what may be kept of it: derived classes, keyed hashes and header flags, never address or name.

`EvidenceReader` is the only place that sees raw headers. It drops nothing and decides nothing; an absent fact stays
`None`, UNKNOWN or an unset flag, because no evidence is not evidence. So does a header that an access log does not
hold: that it was not logged does not say that it was not sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from mailwake.events import NO_FLAGS, AgentKind, Event, Evidence, Flag, Micros, NetworkKind, Request
from mailwake.origins.agents import MAX_CHARS, Agent, read_agent
from mailwake.origins.fronts import FrontWatch, Visit
from mailwake.origins.networks import Network, Networks

#: Headers that announce a fetch before anybody looks. Source: warmbly abuse.rs; Sec-Purpose: Fetch standard, section 4.
_PREFETCH_HEADERS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_PREFETCH_WORDS = (b"prefetch", b"preview", b"prerender")
#: The headers that are evidence; user-agent among them.
LOOKED_AT = frozenset(
    (
        b"user-agent",
        b"accept-language",
        b"sec-fetch-mode",
        b"sec-ch-ua",
        b"sec-ch-ua-mobile",
        b"x-native-host",
        *_PREFETCH_HEADERS,
    )
)
#: Every header was seen, so that one which is not there was not sent.
_ALL_TOLD: frozenset[bytes] = frozenset()
_BRAND = re.compile(rb'"([^"]{1,64})"\s*;\s*v="(\d{1,4})')
#: Mail clients and image proxies may well send no language; the others always do when a person is behind them.
_HELD_TO_HEADERS = frozenset(
    (AgentKind.BROWSER, AgentKind.UNKNOWN, AgentKind.EMPTY, AgentKind.DECLARED_BOT, AgentKind.LIBRARY)
)


class Traits(NamedTuple):
    """What one request shows, apart from what it asked for."""

    network: Network
    agent: Agent
    #: keyed hash of the raw user agent; None without one
    agent_hash: int | None
    network_kind: NetworkKind
    flags: Flag


class EvidenceReader:
    """Turns requests into evidence.

    Args:
        networks: looks addresses up.
        agent_key: key of the user agent's hash, from `KeyRing.derive("agent")`.
        secure: readers reach the tracking host over HTTPS (or localhost). Over plain HTTP browsers send no Sec-Fetch-*
            headers, so their absence says nothing. Source: W3C Fetch Metadata, section 2 (trustworthy URLs only).
    """

    def __init__(self, networks: Networks, agent_key: bytes, *, secure: bool = True) -> None:
        self._networks = networks
        self._key = agent_key[:64]
        self._secure = secure
        self._hash = lru_cache(32_768)(self._hash_agent)
        self._watch = FrontWatch()

    @property
    def fronts(self) -> int:
        """How many addresses others stand behind just now."""
        return len(self._watch.fronts)

    def read(self, event: Event, *, id: int, links: int | None, stream: str, domain: str | None) -> Evidence:  # noqa: A002  # the word of Evidence
        """Everything that lasts of an event.

        Args:
            event: as the log has it.
            id: the event's identity.
            links: how many links the message has, None when not known.
            stream: marketing, transactional or outbound.
            domain: of the recipient's address, or a keyed stand-in.
        """
        at = event.received_at if event.at is None else event.at
        traits = self.traits(event.request, at=at)
        if event.request is not None and event.request.peer:
            proxied = traits.agent.kind is AgentKind.IMAGE_PROXY
            visit = Visit(event.request.peer, traits.agent_hash, event.delivery, proxied=proxied)
            traits = behind_a_front(traits) if self._watch.saw(visit) else traits
        network, agent = traits.network, traits.agent
        return Evidence(
            id=id,
            type=event.type,
            at=at,
            delivery=event.delivery,
            recipient=event.recipient,
            domain=domain,
            link=event.link,
            links=links,
            stream=stream,
            note=event.note,
            network=network.hash,
            network_kind=traits.network_kind,
            asn=network.asn,
            country=network.country,
            agent=traits.agent_hash,
            agent_kind=agent.kind,
            client=agent.client,
            device=agent.device,
            flags=traits.flags,
        )

    def traits(self, request: Request | None, *, at: Micros) -> Traits:
        """What a request shows; for no request at all, that nothing is known."""
        if request is None:
            return NO_TRAITS
        untold = _ALL_TOLD if request.told is None else _untold(request.told)
        seen = request.headers if request.told is None else untold != LOOKED_AT
        headers = looked_at(request.headers) if seen else None
        agent = None if headers is None or b"user-agent" in untold else headers.get(b"user-agent", b"")
        return self.facts(peer=request.peer, method=request.method, agent=agent, headers=headers, at=at, untold=untold)

    def facts(
        self,
        *,
        peer: str | None,
        method: str,
        agent: bytes | None,
        headers: Mapping[bytes, bytes] | None,
        at: Micros,
        untold: frozenset[bytes] = _ALL_TOLD,
    ) -> Traits:
        """What the parts of a request show, whichever of them are known.

        Args:
            peer: the address; None or empty when not known.
            method: GET, HEAD or POST.
            agent: the user agent; b"" when there was none, None when it is not known.
            headers: lower-case names, as `looked_at` gives them; None when no headers are known.
            at: when it happened, for the age of the claimed browser.
            untold: lower-case names of headers of which it is not known whether they were sent.
        """
        network = self._networks.look_up(peer)
        raw = None if agent is None else agent[:MAX_CHARS]
        claimed = read_agent(None if raw is None else raw.decode("latin-1"))
        return Traits(
            network,
            claimed,
            self._hash(raw) if raw else None,
            _kind(network, claimed),
            _agent_bits(claimed, method, at) | _header_bits(headers, claimed, untold, secure=self._secure),
        )

    def _hash_agent(self, raw: bytes) -> int:
        return int.from_bytes(hashlib.blake2b(raw, digest_size=8, key=self._key).digest()) >> 1


NO_TRAITS = Traits(Network(), read_agent(None), None, NetworkKind.UNKNOWN, Flag.NO_HEADERS)


def behind_a_front(traits: Traits) -> Traits:
    """The same where others stand behind this address: it is one like others, and nobody knows where it belongs."""
    return traits._replace(network=Network(hash=traits.network.hash), network_kind=NetworkKind.UNKNOWN)


def _kind(network: Network, agent: Agent) -> NetworkKind:
    """A relay's operator is a relay for Apple's own agents alone; for all others it is a host.

    Only Mail and Safari go through iCloud Private Relay. Source:
    https://developer.apple.com/support/prepare-your-network-for-icloud-private-relay
    """
    if network.carries_relay and (agent.kind is AgentKind.PRIVACY_PROXY or agent.client == "Safari"):
        return NetworkKind.RELAY
    return network.kind


def looked_at(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers that matter here, by lower-case name; of several with one name the last."""
    return {name: value for raw, value in headers if (name := raw.lower()) in LOOKED_AT}


@lru_cache(maxsize=256)
def _untold(told: tuple[str, ...]) -> frozenset[bytes]:
    """The headers that matter here and that the source does not tell of; there are few sources."""
    return LOOKED_AT.difference(name.encode("latin-1", "replace") for name in told)


def _agent_bits(agent: Agent, method: str, at: Micros) -> Flag:
    bits = Flag.HEAD if method.upper() == "HEAD" else NO_FLAGS
    if agent.is_stale(at):
        bits |= Flag.STALE_BROWSER
    if agent.webview:
        bits |= Flag.WEBVIEW
    return bits | Flag.PREFETCH if agent.prefetch else bits


def _header_bits(
    headers: Mapping[bytes, bytes] | None, agent: Agent, untold: frozenset[bytes], *, secure: bool
) -> Flag:
    if headers is None:
        return Flag.NO_HEADERS
    bits = _language_bits(headers, agent, untold)
    if b"sec-fetch-mode" in headers:
        bits |= Flag.SEC_FETCH
    elif agent.sends_sec_fetch and secure and b"sec-fetch-mode" not in untold:
        bits |= Flag.NO_SEC_FETCH
    if _prefetches(headers):
        bits |= Flag.PREFETCH
    if b"sec-ch-ua" in headers and _contradicts(headers, agent):
        bits |= Flag.HINT_MISMATCH
    return bits | Flag.WEBVIEW if b"x-native-host" in headers else bits


def _language_bits(headers: Mapping[bytes, bytes], agent: Agent, untold: frozenset[bytes]) -> Flag:
    if headers.get(b"accept-language", b"").strip():
        return Flag.ACCEPT_LANGUAGE
    if b"accept-language" in untold:
        return NO_FLAGS
    return Flag.NO_ACCEPT_LANGUAGE if agent.kind in _HELD_TO_HEADERS else NO_FLAGS


def _prefetches(headers: Mapping[bytes, bytes]) -> bool:
    return any(
        word in headers[name].lower() for name in _PREFETCH_HEADERS if name in headers for word in _PREFETCH_WORDS
    )


def _contradicts(headers: Mapping[bytes, bytes], agent: Agent) -> bool:
    """Client hints name another browser than the user agent does.

    Source: https://wicg.github.io/ua-client-hints section 3; a HeadlessChrome brand behind a clean user agent:
    https://github.com/matomo-org/device-detector/issues/7441
    """
    brands = {name.lower(): int(version) for name, version in _BRAND.findall(headers[b"sec-ch-ua"][:512])}
    if any(b"headless" in name for name in brands):
        return True
    if brands and agent.kind is AgentKind.BROWSER and agent.chromium is None and agent.client in ("Safari", "Firefox"):
        return True
    told = brands.get(b"chromium")
    if told is not None and agent.chromium is not None and told != agent.chromium:
        return True
    return headers.get(b"sec-ch-ua-mobile") == b"?1" and agent.device == "desktop"
