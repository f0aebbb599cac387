"""An installation's link to its org: who signs in where, and how much it may cost."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mailwake.errors import Misconfigured
from mailwake.salesforce.grants import ClientCredentials, Grant, JwtBearer
from mailwake.salesforce.records import Org
from mailwake.salesforce.wire import VERSION, Around, Wire, checked_login
from mailwake.settings import Settings

_AUDIENCE, _TEST_AUDIENCE = "https://login.salesforce.com", "https://test.salesforce.com"


def org_of(settings: Settings, *, around: Around | None = None, username: str = "") -> Org:
    """The org of an installation; nothing is asked of it yet.

    Args:
        settings: of the installation.
        around: the world.
        username: in whose name, instead of the one that the settings name.

    Raises:
        Misconfigured: an option cannot be.
    """
    told = settings.salesforce
    if not told.login:
        raise Misconfigured("salesforce.login", "no org is connected; docs/howto/salesforce.md says how")
    login = checked_login(told.login, "salesforce.login")
    return Org(
        Wire(login, _grant(settings, username or told.username), version=told.api_version or VERSION, around=around)
    )


def _grant(settings: Settings, username: str) -> Grant:
    told = settings.salesforce
    if not told.client_id:
        raise Misconfigured("salesforce.client_id", "name the consumer key of the app in the org")
    if username:
        if not told.key:
            raise Misconfigured("salesforce.key", "name a reference to the key whose certificate the app has")
        return JwtBearer(
            client_id=told.client_id,
            username=username,
            audience=told.audience or (_TEST_AUDIENCE if "sandbox" in told.login else _AUDIENCE),
            key=settings.secret(told.key, "salesforce.key"),
        )
    if not told.secret:
        raise Misconfigured("salesforce.username", "name a user (and a key), or a client secret")
    return ClientCredentials(client_id=told.client_id, secret=settings.secret(told.secret, "salesforce.secret"))


@dataclass(frozen=True, slots=True)
class Names:
    """How records of ours are named in the org, so that the same thing gets the same name again."""

    #: of the installation; two that write to one org must differ
    tracking_host: str

    def copy(self, delivery: int) -> str:
        """Of a row on one copy."""
        return self._of("copy", delivery)

    def member(self, crm_campaign: str, person: str) -> str:
        """Of a person's membership in a campaign."""
        return self._of("member", crm_campaign, person)

    def task(self, rule: str, person: str, event: object) -> str:
        """Of a task that a rule asks for."""
        return self._of("task", rule, person, event)

    def _of(self, *parts: object) -> str:
        text = "\x1f".join(map(str, (self.tracking_host, *parts)))
        return hashlib.sha256(text.encode()).hexdigest()[:40]
