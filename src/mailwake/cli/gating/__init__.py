"""Who is let in to the dashboard, by the settings: opened for `mailwake web`, and told by `mailwake doctor`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailwake.access.gate import Gate
from mailwake.errors import Misconfigured, Unavailable
from mailwake.serving.entry import Door
from mailwake.serving.guard import LOOPBACK, open_to_all
from mailwake.settings import Settings
from mailwake.store.access import AccessStore, open_access

if TYPE_CHECKING:
    from mailwake.audit.taking import Taker
    from mailwake.cli.doctor import Finding


@contextmanager
def door_of(settings: Settings) -> Iterator[Door]:
    """The door of a dashboard, with the pages of accounts.

    Raises:
        Misconfigured: others could reach a dashboard that asks nobody who they are.
    """
    from mailwake.access.identities import Joining
    from mailwake.entrance import coming, managing
    from mailwake.entrance.providing import providing
    from mailwake.oidc.opening import flow_of

    web, oidc = settings.web, settings.oidc
    flow = flow_of(settings, public_url=web.public_url)
    provided = () if flow is None else (providing(flow, Joining(roles=oidc.roles, otherwise=oidc.otherwise)),)
    public = urlsplit(web.public_url)
    file = settings.data_folder / "state.sqlite"
    with closing(open_access(file)) as store, taker_of(settings) as taker:
        gate = Gate(
            store,
            recorder=taker,
            is_required=web.login == "required" or flow is not None,
            is_secure=public.scheme == "https",
            proxies=web.trusted_proxies,
            wall=lambda: time.time_ns() // 1_000,
            provider=oidc.issuer,
        )
        if gate.is_open() and is_reachable(settings):
            raise Misconfigured(*refusal(settings))
        yield Door(
            host=web.host, gate=gate, routers=(coming.router, managing.router, *provided), name=public.hostname or ""
        )


@contextmanager
def taker_of(settings: Settings) -> Iterator[Taker]:
    """What takes acts of accounts and keys down in the installation's audit log."""
    from mailwake.audit.log import AuditLog
    from mailwake.audit.taking import Taker
    from mailwake.store.audit import open_audit

    with closing(open_audit(settings.data_folder / "state.sqlite")) as store:
        yield Taker(AuditLog(store, wall=lambda: time.time_ns() // 1_000))


def is_reachable(settings: Settings) -> bool:
    """Whether somebody on another machine may get to the dashboard, by its own address or by a proxy."""
    name = urlsplit(settings.web.public_url).hostname or ""
    return open_to_all(settings.web.host) or (bool(name) and name not in LOOPBACK)


def refusal(settings: Settings) -> tuple[str, str]:
    """The option that lets everybody in, and what to do."""
    option = "web.host" if open_to_all(settings.web.host) else "web.public_url"
    make = "make an owner first: mailwake users add NAME --role owner"
    return option, f"others reach this dashboard, and it has no accounts: whoever comes would be owner; {make}"


def standing(settings: Settings, store: AccessStore) -> tuple[str, str]:
    """How the dashboard stands, as ok, warning or problem, and in one line."""
    web, count = settings.web, len(store.users())
    if settings.oidc.issuer:
        return "ok", f"{count} account(s), and whom {settings.oidc.issuer} vouches for; nobody else is let in"
    if not count and web.login == "auto":
        if is_reachable(settings):
            return "problem", ": ".join(refusal(settings))
        return (
            "warning",
            "no accounts: whoever reaches this machine's own address is owner; mailwake users add makes one",
        )
    if not count:
        return "problem", "web.login is required and there is no account; run mailwake users add NAME --role owner"
    if is_reachable(settings) and urlsplit(web.public_url).scheme != "https":
        return "warning", "passwords travel in the open: put a proxy with TLS in front and set web.public_url"
    return "ok", f"{count} account(s); nobody is let in without one"


def warn(settings: Settings) -> None:
    """Say aloud what an operator should not overlook."""
    if is_reachable(settings) and urlsplit(settings.web.public_url).scheme != "https":
        print(
            f"mailwake: passwords and addresses travel in the open to {settings.web.host}:{settings.web.port}; "
            "put a proxy with TLS in front and set web.public_url (docs/howto/access.md)",
            file=sys.stderr,
        )


def check_access(settings: Settings) -> Finding:
    """Who is let in to the dashboard."""
    from mailwake.cli.doctor import Finding, unknown

    file = settings.data_folder / "state.sqlite"
    if not file.exists():
        return unknown("access", "nothing was started here yet, so nobody can come in")
    try:
        with closing(open_access(file)) as store:
            state, line = standing(settings, store)
    except Unavailable as fault:
        return unknown("access", str(fault))
    return Finding(check="access", state=state, line=line)
