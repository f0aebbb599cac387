"""From a request to what may be kept of it: derived classes, keyed hashes and header flags, never address or name.

`EvidenceReader` is the only place that sees raw headers. It drops nothing and decides nothing; an absent fact stays
`None`, UNKNOWN or an unset flag, because no evidence is not evidence.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from mailwake.events import NO_FLAGS, AgentKind, Event, Evidence, Flag, Micros, NetworkKind, Request
from mailwake.pipeline.agents import MAX_CHARS, Agent, read_agent
from mailwake.pipeline.networks import Network, Networks

#: Headers that announce a fetch before anybody looks. Source: warmbly abuse.rs; Sec-Purpose: Fetch standard, section 4.
_PREFETCH_HEADERS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_PREFETCH_WORDS = (b"prefetch", b"preview", b"prerender")
_LOOKED_AT = frozenset(
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
        network = self._networks.look_up(request.peer)
        if not request.headers:
            flags = Flag.NO_HEADERS | (Flag.HEAD if request.method.upper() == "HEAD" else NO_FLAGS)
            return Traits(network, NO_TRAITS.agent, None, network.kind, flags)
        headers = {name: value for raw, value in request.headers if (name := raw.lower()) in _LOOKED_AT}
        raw_agent = headers.get(b"user-agent", b"")
        agent = read_agent(raw_agent[:MAX_CHARS].decode("latin-1"))
        flags = _flags(headers, agent, request.method, at=at, secure=self._secure)
        return Traits(
            network, agent, self._hash(raw_agent[:MAX_CHARS]) if raw_agent else None, _kind(network, agent), flags
        )

    def _hash_agent(self, raw: bytes) -> int:
        return int.from_bytes(hashlib.blake2b(raw, digest_size=8, key=self._key).digest()) >> 1


NO_TRAITS = Traits(Network(), read_agent(None), None, NetworkKind.UNKNOWN, Flag.NO_HEADERS)


def _kind(network: Network, agent: Agent) -> NetworkKind:
    """A relay's operator is a relay for Apple's own agents alone; for all others it is a host.

    Only Mail and Safari go through iCloud Private Relay. Source:
    https://developer.apple.com/support/prepare-your-network-for-icloud-private-relay
    """
    if network.carries_relay and (agent.kind is AgentKind.PRIVACY_PROXY or agent.client == "Safari"):
        return NetworkKind.RELAY
    return network.kind


def _flags(headers: dict[bytes, bytes], agent: Agent, method: str, *, at: Micros, secure: bool) -> Flag:
    bits = _language_bits(headers, agent)
    if method.upper() == "HEAD":
        bits |= Flag.HEAD
    if b"sec-fetch-mode" in headers:
        bits |= Flag.SEC_FETCH
    elif agent.sends_sec_fetch and secure:
        bits |= Flag.NO_SEC_FETCH
    if agent.prefetch or _prefetches(headers):
        bits |= Flag.PREFETCH
    if b"sec-ch-ua" in headers and _contradicts(headers, agent):
        bits |= Flag.HINT_MISMATCH
    if agent.is_stale(at):
        bits |= Flag.STALE_BROWSER
    if agent.webview or b"x-native-host" in headers:
        bits |= Flag.WEBVIEW
    return bits


def _language_bits(headers: dict[bytes, bytes], agent: Agent) -> Flag:
    if headers.get(b"accept-language", b"").strip():
        return Flag.ACCEPT_LANGUAGE
    return Flag.NO_ACCEPT_LANGUAGE if agent.kind in _HELD_TO_HEADERS else NO_FLAGS


def _prefetches(headers: dict[bytes, bytes]) -> bool:
    return any(
        word in headers[name].lower() for name in _PREFETCH_HEADERS if name in headers for word in _PREFETCH_WORDS
    )


def _contradicts(headers: dict[bytes, bytes], agent: Agent) -> bool:
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
