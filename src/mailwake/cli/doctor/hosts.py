"""What `mailwake doctor` asks of every further tracking host: its name, its certificate, its keys, its place.

A link on a host that leads elsewhere is a link that somebody else answers, so the name has to lead where the main
tracking host leads for as long as mail points at it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from mailwake.cli.doctor import Finding, certificate, key_file_rights, ok, problem, warning
from mailwake.errors import MailwakeError
from mailwake.hosts import Hosts
from mailwake.sections import Host
from mailwake.settings import Settings


def examine_hosts(settings: Settings) -> Iterator[Finding]:
    """All findings on all further hosts, each under its own name."""
    for name, host in settings.hosts.items():
        yield check_keys(settings, name, host)
        yield check_dns(settings, name)
        yield certificate(settings, name, check=name)


def check_keys(settings: Settings, name: str, host: Host) -> Finding:
    """Its keys are there and nobody else can read them."""
    try:
        ring = Hosts.load(settings).all[name].rings[0]
    except MailwakeError as fault:
        return problem(name, str(fault))
    if wrong := key_file_rights(settings, host.keys):
        return problem(name, wrong)
    whose = "keys of its own" if host.keys else "keys derived from the installation's"
    return ok(name, f"{whose}: {len(ring.slots)} slot(s), {ring.newest} seals")


def check_dns(settings: Settings, name: str) -> Finding:
    """It leads where the tracking host leads, and filters see one sender."""
    try:
        found = addresses(name)
    except OSError:
        return problem(name, f"has no address; add a CNAME to {settings.tracking_host}, or links on it are dead")
    try:
        wanted = addresses(settings.tracking_host)
    except OSError:
        wanted = found  # the check of the tracking host says so
    if strangers := sorted(found - wanted):
        return warning(
            name, f"leads to {strangers[0]}, {settings.tracking_host} does not; whoever is there answers its links"
        )
    senders = [domain for domain, host in settings.host_of_sender().items() if host == name]
    if senders and not any(name.endswith(f".{sender}") for sender in senders):
        return warning(name, f"is no subdomain of {senders[0]}; filters trust links of the sender's own domain")
    return ok(name, f"is {', '.join(sorted(found)[:3])}")


def addresses(host: str) -> set[str]:
    """All addresses of a name.

    Raises:
        OSError: it has none.
    """
    return {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
