"""What others say of a click, by the rules that they publish; each with a perfect table of networks where it uses one.

A rule gets the hits of one copy in order of time, the times at which the copy was sent and delivered, and how many
links it has. It answers with the places of the hits that it takes for a machine's. Sources are those of the
machine-events research of 2026-11, section 2; what a peer does not publish is left out or assumed, as said there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from mailwake.worlds.hits import Copy, Hit

Verdicts = set[int]
Rule = Callable[[Copy, Sequence[Hit], "Table"], Verdicts]
_BOT_WORDS = re.compile(
    r"bot\b|crawler\b|spider\b|curl|wget|python|java/|okhttp|go-http|axios|headless|facebookexternalhit|whatsapp|preview",
    re.IGNORECASE,
)
_PRESIDE_EXTRA = ("microsoft outlook", "ms-office", "googleimageproxy", "thunderbird")
_MACHINE_NETWORKS = frozenset(
    ("microsoft", "eop", "barracuda", "proofpoint", "mimecast", "amazon", "hosting", "preview", "unknown")
)
_VENDORS = frozenset(("eop", "barracuda", "proofpoint", "mimecast"))


class Table:
    """The truth about networks, which no peer has: kind by address.

    Args:
        kinds: address to kind, as the world made it.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def kind(self, hit: Hit) -> str:
        """Kind of the network a hit came from."""
        return self._kinds.get(hit.visitor.ip, "") if hit.visitor else ""

    def is_machine(self, hit: Hit) -> bool:
        """Whether nobody but machines should be there, so far as addresses tell."""
        return self.kind(hit) in _MACHINE_NETWORKS


def _ua(hit: Hit) -> str:
    return hit.visitor.ua if hit.visitor else ""


def _ip(hit: Hit) -> str:
    return hit.visitor.ip if hit.visitor else ""


def _declared(hit: Hit) -> bool:
    return hit.visitor is not None and (not _ua(hit) or bool(_BOT_WORDS.search(_ua(hit))))


def _clicks(hits: Sequence[Hit]) -> list[tuple[int, Hit]]:
    return [(place, hit) for place, hit in enumerate(hits) if hit.type in ("clicked", "unsub_view")]


def _decoys(hits: Sequence[Hit]) -> list[Hit]:
    return [hit for hit in hits if hit.type == "decoy"]


def raw(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Everything counts, as in listmonk."""
    return set()


def within(seconds: float) -> Rule:
    """Everything up to so many seconds after delivery; MassMailer's reading A is 30."""

    def rule(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
        return {place for place, hit in enumerate(hits) if hit.at - copy.delivered_at <= seconds}

    return rule


def massmailer_b(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Where a hidden link was followed, everything of the first 30 seconds goes."""
    return within(30)(copy, hits, table) if _decoys(hits) else set()


def mautic(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Two of three: under 2 s, a blocked address, a blocked user agent."""
    return {
        place
        for place, hit in enumerate(hits)
        if (hit.at - copy.sent_at < 2) + table.is_machine(hit) + _declared(hit) >= 2
    }


def preside(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Words in the agent; who shares address, agent or five seconds with a hidden link; over ten clicks in 5 s."""
    decoys, clicks = _decoys(hits), _clicks(hits)
    found = set()
    for place, hit in enumerate(hits):
        near = any(_ip(hit) == _ip(each) or _ua(hit) == _ua(each) or abs(hit.at - each.at) <= 5 for each in decoys)
        many = sum(abs(other.at - hit.at) <= 5 for _, other in clicks) > 10
        if _declared(hit) or near or many or any(word in _ua(hit).lower() for word in _PRESIDE_EXTRA):
            found.add(place)
    return found


def marketo(seconds: int) -> Rule:
    """Something else of the same person and mail within so many seconds (0: one clock second), or a known agent."""

    def rule(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
        found = set()
        for place, hit in enumerate(hits):
            others = (each for each in hits if each is not hit)
            if _declared(hit) or any(abs(int(each.at) - int(hit.at)) <= seconds for each in others):
                found.add(place)
        return found

    return rule


def lemlist(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Opens under 5 s; clicks under 5 s or within 9 s of such an open."""
    opens = [hit.at for hit in hits if hit.type == "opened" and hit.at - copy.delivered_at < 5]
    return {
        place
        for place, hit in enumerate(hits)
        if hit.at - copy.delivered_at < 5 or any(0 <= hit.at - at <= 9 for at in opens)
    }


def customerminds(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Three links or more, all followed: as many first clicks as there are links."""
    clicks = _clicks(hits)
    links = {hit.link for _, hit in clicks if hit.link}
    return {place for place, _ in clicks[: copy.links]} if copy.links >= 3 and len(links) == copy.links else set()


def spotler(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Address and agent of a hidden link; two links under 100 ms apart; clicks before delivery."""
    blocked = {(_ip(hit), _ua(hit)) for hit in _decoys(hits)}
    clicks, found = _clicks(hits), set()
    for place, hit in clicks:
        quick = any(other is not hit and abs(other.at - hit.at) < 0.1 for _, other in clicks)
        if (_ip(hit), _ua(hit)) in blocked or quick or hit.at < copy.delivered_at:
            found.add(place)
    return found


def paminga(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Hidden link, agent, address, all links in 3 s; then the same address or agent for 15 minutes, sliding."""
    clicks = _clicks(hits)
    first = {place for place, hit in enumerate(hits) if hit.type == "decoy" or _declared(hit) or table.is_machine(hit)}
    for place, hit in clicks:
        near = {other.link for _, other in clicks if abs(other.at - hit.at) <= 3}
        if copy.links > 1 and len(near) >= copy.links:
            first.add(place)
    found, until = set(first), defaultdict(float)
    for place, hit in enumerate(hits):
        names = (_ip(hit), _ua(hit))
        if place in found or any(hit.at <= until[name] for name in names):
            found.add(place)
            for name in names:
                until[name] = hit.at + 900
    return found


def warmbly(seconds: float, *, burst: float = 10) -> Rule:
    """No agent, too early, another link from the same source close by, or a catalogued network (clicks)."""

    def rule(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
        clicks, found = _clicks(hits), set()
        for place, hit in enumerate(hits):
            listed = table.kind(hit) in _VENDORS or (hit.type == "clicked" and table.kind(hit) == "microsoft")
            other = any(
                each.link != hit.link and _ip(each) == _ip(hit) and abs(each.at - hit.at) <= burst for _, each in clicks
            )
            if _declared(hit) or hit.at - copy.sent_at < seconds or listed or (hit.type == "clicked" and other):
                found.add(place)
        return found

    return rule


def omeda(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Two links in one second, the address of a hidden link, or a data centre."""
    blocked, clicks = {_ip(hit) for hit in _decoys(hits)}, _clicks(hits)
    found = set()
    for place, hit in clicks:
        same = {other.link for _, other in clicks if int(other.at) == int(hit.at)}
        if len(same) >= 2 or _ip(hit) in blocked or table.is_machine(hit):
            found.add(place)
    return found


def gocheck(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """100 points less network, haste and agent; below 40 it is a machine. Its middle counts as a person here."""
    opened = [hit.at for hit in hits if hit.type == "opened"]
    found = set()
    for place, hit in enumerate(hits):
        kind, score = table.kind(hit), 100
        score -= 95 if kind in _VENDORS else 80 if kind in ("microsoft", "amazon") else 75 if kind == "hosting" else 0
        score -= 40 if kind == "vpn" else 30 if kind == "unknown" else 0
        early = (min(opened) if opened else hit.at) - copy.sent_at
        score -= 95 if early < 2 else 70 if early < 10 else 0
        last = max((at for at in opened if at <= hit.at), default=None)
        if hit.type == "clicked" and last is not None:
            score -= 95 if hit.at - last < 1 else 60 if hit.at - last < 3 else 0
        score -= 30 if not _ua(hit) else 80 if _declared(hit) else 0
        if score + (10 if hit.type == "clicked" else 0) < 40:
            found.add(place)
    return found


def openaev(copy: Copy, hits: Sequence[Hit], table: Table) -> Verdicts:
    """Known agents, or under 10 s."""
    return {place for place, hit in enumerate(hits) if _declared(hit) or hit.at - copy.sent_at < 10}


PEERS: Mapping[str, Rule] = {
    "raw (listmonk)": raw,
    "MassMailer, 30 s": within(30),
    "MassMailer, hidden link": massmailer_b,
    "fixed 10 s": within(10),
    "fixed 60 s": within(60),
    "fixed 100 s": within(100),
    "fixed 300 s": within(300),
    "Mautic": mautic,
    "Preside": preside,
    "Marketo, 0 s": marketo(0),
    "Marketo, 3 s": marketo(3),
    "lemlist": lemlist,
    "CustomerMinds": customerminds,
    "Spotler": spotler,
    "Paminga": paminga,
    "Warmbly, 10 s": warmbly(10),
    "Warmbly, 60 s": warmbly(60),
    "Omeda": omeda,
    "GoCheck": gocheck,
    "OpenAEV": openaev,
}
