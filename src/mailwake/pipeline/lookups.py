"""What the steps need of the state store, asked for once per batch and remembered where it does not change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from mailwake.events import CampaignId, Handle, TemplateId
from mailwake.modes import INDIVIDUAL, Modes
from mailwake.profiles import Rules
from mailwake.store.state import LinkRow, StateStore

#: Domains that so many people share that they name nobody. All others are stored as keyed stand-ins.
# fmt: off
SHARED_DOMAINS = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk",
    "hotmail.fr", "yahoo.com", "yahoo.co.jp", "yahoo.co.uk", "yahoo.fr", "ymail.com", "aol.com", "icloud.com",
    "me.com", "mac.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de",
    "orange.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it", "mail.ru", "yandex.ru", "qq.com", "163.com",
    "126.com", "naver.com", "proton.me", "protonmail.com", "comcast.net",
))
# fmt: on
K = TypeVar("K")
V = TypeVar("V")

_REMEMBERED = 200_000


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A template as the steps need it."""

    campaign: CampaignId
    stream: str
    #: that a reader sees and a click is known of: what somebody who follows all of them follows
    links: int
    #: number of the link to its role
    roles: dict[int, str] = field(default_factory=dict)


class Lookups:
    """Answers from the state store.

    Args:
        state: the store.
        domain_key: key of the stand-ins for domains.
        ceiling: of the installation.
        unknown: for recipients who never said anything.
        rules: what holds besides by the country of each; None: the same for all.
    """

    def __init__(
        self,
        state: StateStore,
        domain_key: bytes,
        *,
        ceiling: Modes = INDIVIDUAL,
        unknown: Modes = INDIVIDUAL,
        rules: Rules | None = None,
    ) -> None:
        self._state = state
        self.ceiling, self._unknown, self._rules = ceiling, unknown, rules
        self._key = domain_key[:64]
        self._templates: dict[TemplateId, Sent] = {}
        self._streams: dict[CampaignId, str] = {}
        self._domains: dict[Handle, str] = {}

    def template(self, template: TemplateId) -> Sent | None:
        """The template, if it is known by now."""
        if template not in self._templates:
            row = self._state.template(template)
            if row is None:
                return None
            links = self._state.template_links(template)
            roles = {link.number: link.role for link in links}
            sent = Sent(campaign=row.campaign, stream=row.stream, links=_followable(links), roles=roles)
            _remember(self._templates, template, sent)
        return self._templates[template]

    def stream(self, campaign: CampaignId) -> str:
        """The campaign's stream; marketing where the campaign is not known."""
        if campaign not in self._streams:
            row = self._state.find_campaign(campaign)
            if row is None:
                return "marketing"
            _remember(self._streams, campaign, row.stream)
        return self._streams[campaign]

    def domains(self, handles: Iterable[Handle]) -> dict[Handle, str]:
        """The domain of each recipient who is known: itself where many people share it, else a keyed stand-in."""
        wanted = set(handles)
        known = {handle: self._domains[handle] for handle in wanted if handle in self._domains}
        missing = wanted - known.keys()
        if missing:
            for handle, domain in self._state.domains(missing).items():
                known[handle] = self.told(domain)
                _remember(self._domains, handle, known[handle])
        return known

    def telling(self, handles: Iterable[Handle]) -> dict[Handle, Modes]:
        """How closely each recipient who is known may be watched now."""
        known = self._state.domains(handles)
        limits = {"ceiling": self.ceiling, "unknown": self._unknown}
        return self._state.modes(known, **limits, rules=self._rules) if known else {}

    def told(self, domain: str) -> str:
        """A recipient domain as the event store has it."""
        if domain in SHARED_DOMAINS:
            return domain
        return "~" + hashlib.blake2b(domain.encode(), digest_size=6, key=self._key).hexdigest()


def _followable(links: Iterable[LinkRow]) -> int:
    """How many links a reader may follow: no page of ours, no decoy, and none that only Outlook reads beside others."""
    tracked = [link for link in links if link.tracked and link.role != "decoy"]
    return sum(link.where == "html" for link in tracked) or len(tracked)


def _remember(table: dict[K, V], key: K, value: V) -> None:
    if len(table) >= _REMEMBERED:
        table.clear()
    table[key] = value
