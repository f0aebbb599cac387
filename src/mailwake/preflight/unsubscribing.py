"""The way off the list: the pair of header fields, their signature, and a link in the body.

Source: RFC 2369 section 3.2, RFC 8058, RFC 6376 sections 5.4.2 and 8.15 (signing a field once more than it is there),
https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mailwake.compose.links import Role
from mailwake.compose.targets import has_placeholder, judge_target
from mailwake.preflight.body import says, tag_in
from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.links import is_inner
from mailwake.preflight.mail import Anchor, Mail, Part
from mailwake.preflight.surroundings import Surroundings

_URI = re.compile(r"<\s*([^<>]*?)\s*>")
_ONE_CLICK = "list-unsubscribe=one-click"
_PAIR = ("list-unsubscribe", "list-unsubscribe-post")
_SENTENCES = re.compile(r"(?<=[.!?])\s|\n\s*\n")
_OWN_PAGE = re.compile(r"mailwake:(?:unsubscribe|preferences)\b|\{\{ ?(?:unsubscribe|preferences)_url ?\}\}")
_SIGNED_FIELDS = re.compile(r"(?:^|;)\s*h\s*=([^;]*)")


def one_click_url(mail: Mail, around: Surroundings) -> str | None:
    """The HTTPS address that takes Gmail's POST; None: there is none that providers can call."""
    uris = _URI.findall(mail.first("list-unsubscribe") or "")
    return next((uri for uri in uris if _is_https(uri) and _is_callable(uri, around)), None)


def _is_https(uri: str) -> bool:
    return uri.lower().startswith("https:")


def _is_callable(uri: str, around: Surroundings) -> bool:
    """Whether an address leads somewhere, and, unless it is one of ours, to a host that the world can reach."""
    why, host = judge_target(uri)
    is_tried_out = host in around.hosts or (around.wall is not None and around.wall.allow_private)
    return why is None and (is_tried_out or not is_inner(host))


def check_unsubscribing(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """Of bulk mail: that it can be left, in one click and in the mail itself."""
    if around.is_transactional or mail.message is None:
        return
    yield from _pair(mail, around)
    yield from _link(mail, around)


def _link(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """Of the page, where there is one: who reads that does not see the text beside it."""
    ways = [anchor for anchor in (mail.anchors if mail.pages else mail.links) if leads_off(anchor, mail, around)]
    if ways and not any(anchor.is_seen for anchor in ways):
        yield finding("unsubscribe_hidden", ways[0].line, ways[0].link.href)
    elif mail.parts and not ways and (mail.pages or not any(map(_names_mailbox, mail.parts))):
        yield finding("unsubscribe_link_missing", (mail.pages or mail.parts)[-1].first_line)


def _names_mailbox(part: Part) -> bool:
    """Whether a text says whom to write to in order to leave, or has a place for an address of ours."""
    sentences = _SENTENCES.split(part.text.readable(0, len(part.text.view)))
    return any(("@" in each and says("leaving", each)) or _OWN_PAGE.search(each) for each in sentences)


def _pair(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    written, line = mail.first("list-unsubscribe"), mail.line_of("list-unsubscribe")
    if written is None:
        yield finding("unsubscribe_missing", 1)
        return
    uris = _URI.findall(written)
    if not uris:
        yield finding("unsubscribe_bad", line, written)
        return
    if one_click_url(mail, around) is None and not _is_own_http(uris, around):
        yield _unusable(uris, line, written)
        return
    post = mail.first("list-unsubscribe-post")
    if post is None:
        yield finding("one_click_missing", line, written)
    elif post.strip().lower() != _ONE_CLICK:
        yield finding("one_click_bad", mail.line_of("list-unsubscribe-post"), post)
    else:
        yield from _signed(mail)


def _unusable(uris: list[str], line: int, written: str) -> Finding:
    """Why none of the addresses takes the POST."""
    if unfilled := next(filter(has_placeholder, uris), None):
        return finding("placeholder", line, written, tag=tag_in(unfilled) or unfilled)
    return finding("unsubscribe_bad" if any(map(_is_https, uris)) else "unsubscribe_no_https", line, written)


def _is_own_http(uris: list[str], around: Surroundings) -> bool:
    """Of a tracking host that is tried out without TLS; said of the host already."""
    plain = [base for base in around.hosts.values() if base.startswith("http:")]
    return any(uri.startswith(f"{base.rstrip('/')}/") for uri in uris for base in plain)


def _signed(mail: Mail) -> Iterator[Finding]:
    """Some signature covers both, and covers them twice, so that no second one can be put in."""
    signatures = mail.values("dkim-signature")
    if not signatures:
        return
    counts = [(_covered(value), line) for value, line in signatures]
    if not any(all(name in fields for name in _PAIR) for fields, _ in counts):
        yield finding("unsubscribe_unsigned", signatures[0][1], signatures[0][0])
    elif not any(all(fields.count(name) > 1 for name in _PAIR) for fields, _ in counts):
        yield finding("unsubscribe_not_oversigned", signatures[0][1], signatures[0][0])


def _covered(signature: str) -> list[str]:
    found = _SIGNED_FIELDS.search(signature)
    return [name.strip().lower() for name in found[1].split(":")] if found else []


def leads_off(anchor: Anchor, mail: Mail, around: Surroundings) -> bool:
    """Whether a link is for leaving: it says so, its sentence does, or it is a page of ours or List-Unsubscribe's."""
    link = anchor.link
    if link.role in (Role.UNSUBSCRIBE, Role.PREFERENCES) or link.why_not == "own_page":
        return True
    target = link.href
    if anchor.host in around.hosts:
        if urlsplit(link.href).path.startswith(("/u/", "/p/")):
            return True
        target = (around.installation and around.installation.target(link.href)) or link.href
    if target in _URI.findall(mail.first("list-unsubscribe") or "") or says("leaving", anchor.text):
        return True
    # a decoy has no name, and whatever sentence it was put into
    return link.why_not != "empty" and (anchor.is_seen or anchor.text != "") and says("leaving", anchor.around)
