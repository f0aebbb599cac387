"""Gmail's POST played against the endpoint that a message names, without unsubscribing anybody.

Of our own hosts a token is sealed that names nobody: the edge answers it as any other and records nothing (decision
0053). Strangers' endpoints are never posted to, because their POST would count.

Source: RFC 8058 section 3.1 (no cookies, no redirect), https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.language import noted
from mailwake.modes import OFF
from mailwake.preflight.findings import Finding, Unknown, finding
from mailwake.preflight.mail import Mail
from mailwake.preflight.surroundings import Installation, Surroundings
from mailwake.preflight.unsubscribing import one_click_url
from mailwake.tokens import MessageToken, Purpose
from mailwake.visiting.asking import Unreached, ask

_BODY = b"List-Unsubscribe=One-Click"
_HEADERS = {"content-type": "application/x-www-form-urlencoded", "connection": "close"}


def check_one_click(mail: Mail, around: Surroundings) -> Iterator[Finding | Unknown]:
    """That the address holds, and that its endpoint takes the POST; the first without asking anybody."""
    url, own = one_click_url(mail, around), around.installation
    base = _own_base(mail, around)
    if around.is_transactional or (url is None and base is None):
        return
    line, words = mail.line_of("list-unsubscribe"), mail.first("list-unsubscribe") or ""
    if own is None or base is None:
        if around.wall is not None:
            yield Unknown(what=noted("one-click unsubscribe: not tried, because it would count at its endpoint"))
        return
    host, written = base
    if own.message(written, Purpose.UNSUBSCRIBE_HEADER) is None:
        yield finding("one_click_token", line, words, host=host)
    elif around.wall is not None:
        yield from _play(own, around, host, line)


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
        yield finding("one_click_silent", line, host, host=host, fault=fault.fault.value)
        return
    if 300 <= reply.status < 400:
        yield finding("one_click_redirects", line, host, host=host, status=str(reply.status))
    elif not 200 <= reply.status < 300:
        yield finding("one_click_refused", line, host, host=host, status=str(reply.status))
