"""What one event says of itself: what the program claims, what its headers show, where it comes from.

Depends on a handful of derived classes only, so that it is computed once per combination and shared by all events.
"""

from __future__ import annotations

from typing import NamedTuple

from mailwake.events import AgentKind, Class, Evidence, Flag, NetworkKind
from mailwake.judge.rules import Cell, Rules, Scope, sum_of

_EVERY = Cell("base.start")
#: Where Apple's proxies never speak from; there "Mozilla/5.0" is just a short string.
_NEVER_APPLE = (NetworkKind.SCANNER, NetworkKind.HOSTING, NetworkKind.CLOUD)
_OPERATOR_WORDS = {
    "microsoft": "Microsoft",
    "microsoft_mail": "Exchange Online Protection",
    "google": "Google",
    "yahoo": "Yahoo",
}
_AGENT_WORDS = {
    AgentKind.DECLARED_BOT: ("declared_bot", "says it is a machine: {}"),
    AgentKind.LIBRARY: ("library", "a program's HTTP library"),
    AgentKind.EMPTY: ("empty", "names no program"),
    AgentKind.MAIL_CLIENT: ("mail_client", "mail program {}"),
    AgentKind.IMAGE_PROXY: ("image_proxy", "image proxy of {}, which fetches when somebody opens"),
    AgentKind.PRIVACY_PROXY: ("bare_mozilla", "calls itself Mozilla/5.0 and no more"),
    AgentKind.BROWSER: ("browser", "a current browser: {}"),
    AgentKind.UNKNOWN: ("unknown", "a program we do not know"),
}
_FLAGGED = (
    (Flag.HEAD, "method.head", "asked for the headers only (HEAD)"),
    (Flag.PREFETCH, "ahead.said", "fetched ahead, as it says itself"),
    (Flag.HINT_MISMATCH, "hints.contradict", "client hints contradict the user agent"),
    (Flag.NO_ACCEPT_LANGUAGE, "language.none", "asks for no language"),
    (Flag.ACCEPT_LANGUAGE, "language.some", "asks for a language"),
    (Flag.NO_SEC_FETCH, "fetch.lacking", "lacks fetch headers that the claimed browser sends"),
    (Flag.SEC_FETCH, "fetch.sent", "has a browser's fetch headers"),
)
#: Fetched before anybody may look, or the headers alone.
_UNSEEN = Flag.PREFETCH | Flag.HEAD
#: Kinds of networks that mean the same for how fast and how often people come from them.
_GROUPS = {
    NetworkKind.RESIDENTIAL: "consumer",
    NetworkKind.MOBILE: "consumer",
    NetworkKind.RELAY: "consumer",
    NetworkKind.CORPORATE: "shared",
    NetworkKind.GATEWAY: "shared",
    NetworkKind.CLOUD: "rented",
    NetworkKind.HOSTING: "rented",
    NetworkKind.SCANNER: "scanner",
}
_LOOKS_WORDS = {
    "good": "a whole browser",
    "plain": "a program that tells little",
    "odd": "a browser that lacks what browsers have",
    "bad": "a program, not a browser",
    "withheld": "something unnamed",
}
_GROUP_WORDS = {
    "consumer": "where people live",
    "shared": "a company's network",
    "rented": "rented servers",
    "microsoft": "Microsoft's network",
    "scanner": "a mail scanner's network",
    "unknown": "a network in no table",
}


class Start(NamedTuple):
    """Where adding up an event's evidence begins: with what all events of its kind share."""

    cells: tuple[Cell, ...]
    #: their log-odds, where others are known and where the event is by itself
    among: float
    alone: float


class Own(NamedTuple):
    """The cells of one event by itself."""

    cells: tuple[Cell, ...]
    #: kind of network in a few groups: consumer shared rented microsoft scanner unknown withheld
    group: str
    #: what the program looks like in a few groups: good plain odd bad withheld
    looks: str
    #: an image proxy that fetches when a person opens: nothing else is weighed
    proxy: bool
    #: Apple Mail Privacy Protection: the mixture decides
    mpp: bool
    #: says of itself that nobody looks at what it fetches
    unseen: bool
    #: the class if it is judged a machine
    machine: Class
    #: comes from a cloud, a host or a scanner: what a pre-check may come from
    rented: bool
    asn: int | None
    #: one number for all its cells
    kind: int
    scope: Scope
    #: its cells after the one that holds of every hit
    start: Start


def weigh(rules: Rules, evidence: Evidence, scope: Scope) -> Own:
    """The cells that need no other event."""
    mpp = (
        scope is Scope.OPEN
        and evidence.agent_kind is AgentKind.PRIVACY_PROXY
        and evidence.network_kind not in _NEVER_APPLE
    )
    proxy = scope is Scope.OPEN and evidence.agent_kind is AgentKind.IMAGE_PROXY
    network, group = _network(rules, evidence)
    agent, looks = _agent(evidence)
    cells = [*agent, *(Cell(name, fact) for flag, name, fact in _FLAGGED if evidence.flags & flag), *network]
    if group != "withheld":
        cells.append(Cell(f"looks_from.{looks}_{group}", "{} from {}", (_LOOKS_WORDS[looks], _GROUP_WORDS[group])))
    whole = tuple(cells[:1] if proxy else cells)
    return Own(
        cells=whole,
        group=group,
        looks=looks,
        proxy=proxy,
        mpp=mpp,
        unseen=bool(evidence.flags & _UNSEEN),
        machine=_machine_class(rules, evidence),
        rented=evidence.network_kind in (NetworkKind.CLOUD, NetworkKind.HOSTING, NetworkKind.SCANNER),
        asn=evidence.asn,
        kind=hash(whole),
        scope=scope,
        start=_start(rules, scope, (_EVERY, *whole)),
    )


def _start(rules: Rules, scope: Scope, cells: tuple[Cell, ...]) -> Start:
    return Start(cells, sum_of(rules.weights[scope], cells), sum_of(rules.alone[scope], cells))


def _machine_class(rules: Rules, evidence: Evidence) -> Class:
    if evidence.flags & Flag.PREFETCH:
        return Class.PREFETCH
    return Class.PREVIEW if evidence.client in rules.previews else Class.SCANNER


def _agent(evidence: Evidence) -> tuple[list[Cell], str]:
    flags, kind = evidence.flags, evidence.agent_kind
    if evidence.agent is None and kind is AgentKind.UNKNOWN:
        return [], "withheld"
    name, fact = _AGENT_WORDS[kind]
    client = evidence.client or "an unnamed program"
    if kind in (AgentKind.DECLARED_BOT, AgentKind.LIBRARY, AgentKind.EMPTY) or flags & (Flag.PREFETCH | Flag.HEAD):
        return [Cell(f"agent.{name}", fact, (client,))], "bad"
    if flags & Flag.WEBVIEW:
        name, fact = "webview", "opened inside an app"
    elif kind is AgentKind.BROWSER and flags & Flag.STALE_BROWSER:
        name, fact = "stale_browser", "claims a {} over 18 months old"
    odd = flags & (Flag.NO_ACCEPT_LANGUAGE | Flag.NO_SEC_FETCH | Flag.HINT_MISMATCH) or name == "stale_browser"
    good = name in ("browser", "webview") and flags & Flag.ACCEPT_LANGUAGE and not odd
    return [Cell(f"agent.{name}", fact, (client,))], "odd" if odd else "good" if good else "plain"


def _network(rules: Rules, evidence: Evidence) -> tuple[list[Cell], str]:
    kind = evidence.network_kind
    if kind is NetworkKind.UNKNOWN:
        return [], "withheld" if evidence.network is None else "unknown"
    name, group = kind.value, _GROUPS[kind]
    operator = rules.operators.get(evidence.asn) if evidence.asn is not None else None
    if operator == "microsoft" and kind is NetworkKind.SCANNER:
        name = "microsoft_mail"
    elif operator and kind is NetworkKind.CLOUD:
        name = operator
        group = "microsoft" if operator == "microsoft" else group
    place = _OPERATOR_WORDS.get(name, f"{kind.value} network")
    number = f" AS{evidence.asn}" if evidence.asn is not None else ""
    return [Cell(f"network.{name}", "from {}{}", (place, number))], group
