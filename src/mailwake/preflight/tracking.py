"""Our own marks: the host that they name, the pixel's form, and links that could not be tracked.

Source: rspamd (HTML_SHORT_LINK_IMG, MANY_INVISIBLE_PARTS) and SpamAssassin (LH_URI_DOM_IN_PATH:
hosts of 25 characters and more),
https://www.twilio.com/docs/sendgrid/api-reference/link-branding/create-a-branded-link (a link domain of one's own).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mailwake.modes import Mode
from mailwake.preflight.findings import Finding, finding, fold
from mailwake.preflight.links import misleads, says_https
from mailwake.preflight.mail import Mail, Part
from mailwake.preflight.names import is_aligned
from mailwake.preflight.surroundings import Surroundings
from mailwake.tokens import Purpose

HOST_CHARS = 25
_OURS = re.compile(r"/[cuop]/")
#: Why a link stays as it is, where its author may want to know; the others are said elsewhere or are meant so.
_WORTH_TELLING = frozenset(("text_is_url", "too_long", "too_many", "amp", "inert", "personal"))


def check_tracking(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """Of a message that carries marks of ours."""
    links = [(anchor.link.href, anchor.line) for anchor in mail.links]
    images = [(image.src, page.line(image.start)) for page in mail.pages for image in page.page.images]
    ours = [(url, line) for url, line in (*links, *images) if _host(url) in around.hosts]
    found = (each for url, line in ours for each in _address(mail, around, url, line))
    yield from fold(found, lambda each: each.values["host"])
    yield from fold(_of_strangers(mail, around), lambda each: each.values.get("host"))
    for page in mail.pages:
        yield from _pixels(page, around)
    yield from _no_pixel(mail, around)
    if mail.is_tracked:
        yield from _left_alone(mail)


def _address(mail: Mail, around: Surroundings, url: str, line: int) -> Iterator[Finding]:
    """Of one address of ours: tracked links, ways off the list, the pixel."""
    host, own = _host(url), around.installation
    if mail.sender_domain and not is_aligned(host, mail.sender_domain):
        yield finding("tracking_unaligned", line, host, host=host, domain=mail.sender_domain)
    if len(host) >= HOST_CHARS:
        yield finding("tracking_host_long", line, host, host=host, chars=str(len(host)))
    if url.lower().startswith("http:"):
        yield finding("tracking_http", line, host, host=host)
    if own and _OURS.match(urlsplit(url).path) and not own.holds(url):
        yield finding("own_link_dead", line, url, host=host)


def _of_strangers(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """Marks of other programs: a dot, from a host that links lead to as well, which thereby is one that tracks."""
    linked, domain = {anchor.host for anchor in mail.anchors} - set(around.hosts), mail.sender_domain
    for page in mail.pages:
        for image in page.page.images:
            if not image.is_dot or (host := _host(image.src)) not in linked:
                continue
            line = page.line(image.start)
            if image.is_linked:
                yield finding("pixel_linked", line, image.src)
            if domain and not is_aligned(host, domain):
                yield finding("tracking_unaligned", line, host, host=host, domain=domain)


def _pixels(page: Part, around: Surroundings) -> Iterator[Finding]:
    found = [image for image in page.page.images if "/o/" in image.src and _host(image.src) in around.hosts]
    for image in found:
        line = page.line(image.start)
        if image.is_linked:
            yield finding("pixel_linked", line, image.src)
        elif image.is_hidden:
            yield finding("pixel_hidden", line, image.src)
        elif not image.is_dot:
            yield finding("pixel_large", line, image.src)
    # the one at the end of a mail with two says so
    if same := [image for image in found if not image.src.endswith("/end")][1:]:
        yield finding("pixel_twice", page.line(same[0].start), same[0].src)


def _no_pixel(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """Of mail whose links are tracked, where its mode would let an open be seen."""
    own, pages = around.installation, mail.pages
    views = [page.text.view for page in pages]
    added = sum(len(anchor.link.href) for anchor in mail.anchors if anchor.host in around.hosts)
    if own is None or max(map(len, views), default=0) - added < around.options.pixel_min_bytes:
        return
    if any(f"{base.partition(':')[2].rstrip('/')}/o/" in view for view in views for base in around.hosts.values()):
        return
    for anchor in mail.anchors:
        is_tracked = anchor.host in around.hosts and own.target(anchor.link.href)
        token = own.message(anchor.link.href, Purpose.READ) if is_tracked else None
        if token and token.modes.opens > Mode.OFF:
            yield finding("pixel_missing", pages[-1].first_line)
            return


def _left_alone(mail: Mail) -> Iterator[Finding]:
    """Links that could have been tracked, by reason; the first of each, with the lines of the others."""
    found = (
        finding("untracked", anchor.line, anchor.link.href, href=anchor.link.href, reason=anchor.link.why_not)
        for anchor in mail.anchors
        if anchor.link.why_not in _WORTH_TELLING and not misleads(anchor, mail) and not says_https(anchor)
    )
    yield from fold(found, lambda each: each.values["reason"])


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
