"""The way off the list: the pair of header fields, their signature, and a link in the body.

Source: RFC 2369 section 3.2, RFC 8058, RFC 6376 sections 5.4.2 and 8.15 (signing a field once more than it is there),
https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from mailwake.compose.links import Role
from mailwake.compose.targets import has_placeholder, judge_target
from mailwake.preflight.body import says, tag_in
from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.links import is_inner
from mailwake.preflight.mail import Anchor, Mail, Part
from mailwake.preflight.names import is_aligned
from mailwake.preflight.surroundings import Surroundings
from mailwake.signatures.check import Signature

_ONE_CLICK = "list-unsubscribe=one-click"
_PAIR = ("list-unsubscribe", "list-unsubscribe-post")
_SENTENCES = re.compile(r"(?<=[.!?])\s|\n\s*\n")
_OWN_PAGE = re.compile(r"mailwake:(?:unsubscribe|preferences)\b|\{\{ ?(?:unsubscribe|preferences)_url ?\}\}")


def one_click_url(mail: Mail, around: Surroundings) -> str | None:
    """The HTTPS address that takes Gmail's POST; None: there is none that providers can call."""
    return next((uri for uri in mail.unsubscribe_uris if _is_https(uri) and _is_callable(uri, around)), None)


def _is_https(uri: str) -> bool:
    return uri.lower().startswith("https:")


def _is_callable(uri: str, around: Surroundings) -> bool:
    """Whether an address leads somewhere, and, unless it is one of ours, to a host that the world can reach."""
    why, host = judge_target(uri)
    is_tried_out = host in around.hosts or (around.wall is not None and around.wall.allow_private)
    return why is None and (is_tried_out or not is_inner(host))


def check_unsubscribing(mail: Mail, around: Surroundings, found: tuple[Signature, ...]) -> Iterator[Finding]:
    """Of bulk mail with these signatures: that it can be left, and that those cover what providers act upon."""
    if around.is_transactional or mail.message is None:
        return
    counting = _counting(mail, found)
    yield from _pair(mail, around, counting)
    feedback = mail.values("feedback-id")
    if len(feedback) == 1 and counting and not any("feedback-id" in each.fields for each in counting):
        yield finding("feedback_id_unsigned", feedback[0][1], feedback[0][0])
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


def _pair(mail: Mail, around: Surroundings, counting: list[Signature]) -> Iterator[Finding]:
    written, line = mail.first("list-unsubscribe"), mail.line_of("list-unsubscribe")
    if written is None:
        yield finding("unsubscribe_missing", 1)
        return
    uris = mail.unsubscribe_uris
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
    elif counting:
        yield from _signed(mail, counting)


def _unusable(uris: Sequence[str], line: int, written: str) -> Finding:
    """Why none of the addresses takes the POST."""
    if unfilled := next(filter(has_placeholder, uris), None):
        return finding("placeholder", line, written, tag=tag_in(unfilled) or unfilled)
    return finding("unsubscribe_bad" if any(map(_is_https, uris)) else "unsubscribe_no_https", line, written)


def _is_own_http(uris: Sequence[str], around: Surroundings) -> bool:
    """Of a tracking host that is tried out without TLS; said of the host already."""
    plain = [base for base in around.hosts.values() if base.startswith("http:")]
    return any(uri.startswith(f"{base.rstrip('/')}/") for uri in uris for base in plain)


def _signed(mail: Mail, counting: list[Signature]) -> Iterator[Finding]:
    """Some signature covers both, and covers them twice, so that no second one can be put in."""
    written, line = next(iter(mail.values("dkim-signature")), ("", 1))
    if not any(set(_PAIR) <= set(each.fields) for each in counting):
        yield finding("unsubscribe_unsigned", line, written)
    elif not any(all(each.fields.count(name) > 1 for name in _PAIR) for each in counting):
        yield finding("unsubscribe_not_oversigned", line, written)


def _counting(mail: Mail, found: tuple[Signature, ...]) -> list[Signature]:
    """Signatures that may hold; none where that of the From domain does not: to mend it may mend what it covers."""
    able = [each for each in found if each.passes is not False]
    own = [each for each in found if is_aligned(each.domain, mail.sender_domain)]
    return able if not own or any(each in able for each in own) else []


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
    if target in mail.unsubscribe_uris or says("leaving", anchor.text):
        return True
    # a decoy has no name, and whatever sentence it was put into
    return link.why_not != "empty" and (anchor.is_seen or anchor.text != "") and says("leaving", anchor.around)
