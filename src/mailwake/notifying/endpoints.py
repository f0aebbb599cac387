"""Who is told: the URLs of ``[notify.NAME]``, checked once at the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mailwake.errors import Misconfigured
from mailwake.notifying.signing import secret_of
from mailwake.settings import Settings

EVENTS = (
    *("clicked", "opened", "bounced", "complained", "unsubscribed", "consent_withdrawn", "verdict_changed"),
    "link_dead",
)
MOMENTS = ("provisional", "settled")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A URL that is told what happens."""

    name: str
    url: str
    #: the first is the one in use
    keys: tuple[bytes, ...] = field(repr=False)
    #: some of `EVENTS`
    events: frozenset[str]
    #: one of `MOMENTS`
    when: str
    allow_private: bool


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """All endpoints of an installation.

    Raises:
        Misconfigured: an option cannot be.
    """
    return tuple(_endpoint(settings, name) for name in settings.notify)


def _endpoint(settings: Settings, name: str) -> Endpoint:
    told, option = settings.notify[name], f"notify.{name}"
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > 64:
        raise Misconfigured(option, "a name is made of up to 64 letters, digits, - and _")
    url = urlsplit(told.url)
    if url.scheme not in ("https", "http") or not url.hostname or url.username or url.fragment:
        raise Misconfigured(f"{option}.url", "must be a URL such as https://example.com/mailwake, without a name in it")
    if url.scheme == "http" and not told.allow_private:
        raise Misconfigured(f"{option}.url", "must be https; http is for your own network, with allow_private = true")
    if unknown := sorted(set(told.events) - set(EVENTS)):
        raise Misconfigured(f"{option}.events", f"there is no event {unknown[0]!r}; there are {', '.join(EVENTS)}")
    if told.when not in MOMENTS:
        raise Misconfigured(f"{option}.when", f"must be {' or '.join(MOMENTS)}")
    if not told.secrets:
        raise Misconfigured(f"{option}.secrets", "name a reference to a secret; `mailwake notify secret` makes one")
    keys = (secret_of(settings.secret(each, f"{option}.secrets"), f"{option}.secrets") for each in told.secrets)
    return Endpoint(
        name=name,
        url=told.url,
        keys=tuple(keys),
        events=frozenset(told.events),
        when=told.when,
        allow_private=told.allow_private,
    )
