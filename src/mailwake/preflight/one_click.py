"""Gmail's POST played against the endpoint that a message names, without unsubscribing anybody.

Of our own hosts a token is sealed that names nobody: the edge answers it as any other and records nothing (decision
0053). Strangers' endpoints are never asked for anything, because it would count: they are found, and prove their name.

Source: RFC 8058 section 3.1 (no cookies, no redirect), https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from mailwake.language import noted
from mailwake.modes import OFF
from mailwake.preflight.findings import Finding, Unknown, finding
from mailwake.preflight.mail import Mail
from mailwake.preflight.names import is_mailbox
from mailwake.preflight.surroundings import Installation, Surroundings
from mailwake.preflight.targets import check_lifetime
from mailwake.preflight.unsubscribing import one_click_url
from mailwake.spf.names import NoAnswer, takes_mail
from mailwake.tokens import MessageToken, Purpose
from mailwake.visiting.asking import Fault, Unreached, Wall, ask, greet

_MAILTO = re.compile(r"<\s*mailto:([^<>?,]*)", re.IGNORECASE)
_BODY = b"List-Unsubscribe=One-Click"
_HEADERS = {"content-type": "application/x-www-form-urlencoded", "connection": "close"}


def check_one_click(mail: Mail, around: Surroundings) -> Iterator[Finding | Unknown]:
    """That the address holds, and that its endpoint takes the POST; the first without asking anybody."""
    url, own = one_click_url(mail, around), around.installation
    base = _own_base(mail, around)
    if around.is_transactional:
        return
    line, words = mail.line_of("list-unsubscribe"), mail.first("list-unsubscribe") or ""
    yield from _mailbox(around, line, words)
    if url is None and base is None:
        return
    if own is None or base is None:
        if around.wall is not None and url is not None:
            yield from _greet(url, around.wall, around, line)
        return
    host, written = base
    if own.message(written, Purpose.UNSUBSCRIBE_HEADER) is None:
        yield finding("one_click_token", line, words, host=host)
    elif around.wall is not None:
        yield from _play(own, around, host, line)


def _greet(url: str, wall: Wall, around: Surroundings, line: int) -> Iterator[Finding | Unknown]:
    """A stranger's endpoint is there and proves its name; more would count as the wish to leave."""
    host = urlsplit(url).hostname or ""
    around.each(host)
    try:
        yield from check_lifetime(greet(url, wall=wall), host, line)
    except Unreached as fault:
        if fault.fault not in (Fault.NO_DNS, Fault.TIMEOUT):
            yield finding("one_click_silent", line, host, host=host, fault=fault.detail or fault.fault.value)
            return
    yield Unknown(what=noted("one-click unsubscribe: not tried, because it would count at its endpoint"))


def _mailbox(around: Surroundings, line: int, words: str) -> Iterator[Finding | Unknown]:
    """The first address to leave by mail: its domain takes mail."""
    address = unquote(found[1]).strip() if (found := _MAILTO.search(words)) else ""
    if around.names is None or not is_mailbox(address):
        return
    try:
        if not takes_mail(address.rpartition("@")[2].lower(), around.names):
            yield finding("unsubscribe_mail_lost", line, words, address=address)
    except NoAnswer as fault:
        what = noted("mail to %(address)s: the DNS does not answer (%(fault)s)")
        yield Unknown(what=what, values={"address": address, "fault": str(fault)})


def _own_base(mail: Mail, around: Surroundings) -> tuple[str, str] | None:
    """(host, address) of the message's one-click address where it is one of ours."""
    written = mail.first("list-unsubscribe") or ""
    for host, base in around.hosts.items():
        start = written.find(f"<{base.rstrip('/')}/u/")
        if start >= 0:
            return host, written[start + 1 :].partition(">")[0]
    return None


def nobody(own: Installation, around: Surroundings, host: str) -> str:
    """An unsubscribe address that names nobody."""
    token = MessageToken(modes=OFF, template=0, delivery=0, recipient=0, issued=around.now.date())
    sealed = own.hosts.all[host].minter.message(Purpose.UNSUBSCRIBE_HEADER, token)
    return f"{around.hosts[host].rstrip('/')}/u/{sealed}"


def _play(own: Installation, around: Surroundings, host: str, line: int) -> Iterator[Finding]:
    url = nobody(own, around, host)
    around.each(f"{around.hosts[host].rstrip('/')}/u/…")
    assert around.wall is not None  # noqa: S101 - asked by whoever calls
    try:
        reply = ask("POST", url, headers=_HEADERS, body=_BODY, wall=around.wall)
    except Unreached as fault:
        yield finding("one_click_silent", line, host, host=host, fault=fault.detail or fault.fault.value)
        return
    yield from check_lifetime(reply.lifetime, host, line)
    if 300 <= reply.status < 400:
        yield finding("one_click_redirects", line, host, host=host, status=str(reply.status))
    elif not 200 <= reply.status < 300:
        yield finding("one_click_refused", line, host, host=host, status=str(reply.status))
