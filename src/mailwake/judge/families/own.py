"""What one event says of itself: what the program claims, what its headers show, where it comes from.

Depends on a handful of derived classes only, so that it is computed once per combination and shared by all events.
"""

from __future__ import annotations

from typing import NamedTuple

from mailwake.events import AgentKind, Class, Evidence, Flag, NetworkKind
from mailwake.judge.rules import Rules, Scope, Term

#: Where Apple's proxies never speak from; there "Mozilla/5.0" is just a short string.
_NEVER_APPLE = (NetworkKind.SCANNER, NetworkKind.HOSTING, NetworkKind.CLOUD)
_HEADER_FACTS = (
    (Flag.HEAD, "head", "asked for the headers only (HEAD)"),
    (Flag.PREFETCH, "prefetch", "fetched ahead, as it says itself"),
    (Flag.HINT_MISMATCH, "hint_mismatch", "client hints contradict the user agent"),
    (Flag.NO_ACCEPT_LANGUAGE, "no_accept_language", "asks for no language"),
    (Flag.ACCEPT_LANGUAGE, "accept_language", "asks for a language"),
    (Flag.NO_SEC_FETCH, "no_sec_fetch", "lacks fetch headers that the claimed browser sends"),
    (Flag.SEC_FETCH, "sec_fetch", "has a browser's fetch headers"),
)
_OPERATOR_WORDS = {
    "microsoft": "Microsoft",
    "microsoft_mail": "Exchange Online Protection",
    "google": "Google",
    "yahoo": "Yahoo",
}


class Own(NamedTuple):
    """The terms of one event by itself."""

    #: identity, headers and network, already shrunk by alpha
    terms: tuple[Term, ...]
    #: sum of the terms
    weight: float
    #: looks like a person's own device on a person's network
    consumer: bool
    #: an image proxy that fetches when a person opens: nothing else is weighed
    proxy: bool
    #: Apple Mail Privacy Protection: the mixture decides
    mpp: bool
    #: the class if it is judged a machine
    machine: Class
    #: comes from a cloud, a host or a scanner: what a pre-check may come from
    rented: bool


def weigh(rules: Rules, evidence: Evidence, scope: Scope) -> Own:
    """The terms that need no other event."""
    mpp = (
        scope is Scope.OPEN
        and evidence.agent_kind is AgentKind.PRIVACY_PROXY
        and evidence.network_kind not in _NEVER_APPLE
    )
    proxy = scope is Scope.OPEN and evidence.agent_kind is AgentKind.IMAGE_PROXY
    found = [_identity(rules, evidence, scope)]
    if not proxy:
        found += _headers(rules, evidence, scope)
        found.append(_network(rules, evidence, scope))
    alpha = rules.numbers["combination.alpha"]
    terms = tuple(Term(each.code, each.weight * alpha, each.fact) for each in found if each and each.weight)
    weight = sum(each.weight for each in terms)
    return Own(
        terms=terms,
        weight=weight,
        consumer=weight >= rules.numbers["combination.consumer_from"] * alpha and not proxy,
        proxy=proxy,
        mpp=mpp,
        machine=_machine_class(rules, evidence),
        rented=evidence.network_kind in (NetworkKind.CLOUD, NetworkKind.HOSTING, NetworkKind.SCANNER),
    )


def _machine_class(rules: Rules, evidence: Evidence) -> Class:
    if evidence.flags & Flag.PREFETCH:
        return Class.PREFETCH
    return Class.PREVIEW if evidence.client in rules.previews else Class.SCANNER


def _term(rules: Rules, code: str, scope: Scope, fact: str) -> Term:
    return Term(code.partition(".")[2], rules.weights[code].of(scope), fact)


def _identity(rules: Rules, evidence: Evidence, scope: Scope) -> Term | None:
    name = evidence.client or "an unnamed program"
    if evidence.flags & Flag.WEBVIEW:
        return _term(rules, "identity.webview", scope, "opened inside an app")
    match evidence.agent_kind:
        case AgentKind.DECLARED_BOT:
            return _term(rules, "identity.declared_bot", scope, f"says it is a machine: {name}")
        case AgentKind.LIBRARY:
            return _term(rules, "identity.library", scope, "a program's HTTP library")
        case AgentKind.EMPTY:
            return _term(rules, "identity.empty_agent", scope, "names no program")
        case AgentKind.MAIL_CLIENT:
            return _term(rules, "identity.mail_client", scope, f"mail program {name}")
        case AgentKind.IMAGE_PROXY:
            return _term(
                rules, "identity.image_proxy", scope, f"image proxy of {name}, which fetches when somebody opens"
            )
        case AgentKind.PRIVACY_PROXY:
            return _term(rules, "identity.bare_mozilla", scope, "calls itself Mozilla/5.0 and no more")
        case AgentKind.BROWSER:
            if evidence.flags & Flag.STALE_BROWSER:
                return _term(rules, "identity.stale_browser", scope, f"claims a {name} over 18 months old")
            return _term(rules, "identity.browser", scope, f"a current browser: {name}")
    if evidence.agent is None:
        return None
    return _term(rules, "identity.unknown_agent", scope, "a program we do not know")


def _headers(rules: Rules, evidence: Evidence, scope: Scope) -> list[Term]:
    flags = evidence.flags
    return [_term(rules, f"headers.{name}", scope, fact) for flag, name, fact in _HEADER_FACTS if flags & flag]


def _network(rules: Rules, evidence: Evidence, scope: Scope) -> Term | None:
    kind = evidence.network_kind
    if kind is NetworkKind.UNKNOWN:
        return None
    name = kind.value
    operator = rules.operators.get(evidence.asn) if evidence.asn is not None else None
    if operator == "microsoft" and kind is NetworkKind.SCANNER:
        name = "microsoft_mail"
    elif operator and kind is NetworkKind.CLOUD:
        name = operator
    place = _OPERATOR_WORDS.get(name, f"{kind.value} network")
    number = f" AS{evidence.asn}" if evidence.asn is not None else ""
    return Term(f"network_{name}", rules.weights[f"network.{name}"].of(scope), f"from {place}{number}")
