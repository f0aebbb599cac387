"""Our own marks: the host that they name, the pixel's form, and links that could not be tracked.

Source: rspamd (HTML_SHORT_LINK_IMG, MANY_INVISIBLE_PARTS) and SpamAssassin (LH_URI_DOM_IN_PATH:
hosts of 25 characters and more), https://www.m3aawg.org/sending-best-practices (a link domain of one's own).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.links import misleads, says_https
from mailwake.preflight.mail import Mail, Part
from mailwake.preflight.markup import Image
from mailwake.preflight.names import is_aligned
from mailwake.preflight.surroundings import Surroundings

HOST_CHARS = 25
_OURS = re.compile(r"/[cuop]/")
#: Why a link stays as it is, where its author may want to know; the others are said elsewhere or are meant so.
_WORTH_TELLING = frozenset(("text_is_url", "too_long", "too_many", "amp", "inert", "personal"))


def check_tracking(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """Of a message that carries marks of ours."""
    hosts: dict[str, int] = {}
    for anchor in mail.anchors:
        if anchor.host in around.hosts:
            hosts.setdefault(anchor.host, anchor.line)
    for page in mail.pages:
        for image in page.page.images:
            if (host := _host(image.src)) in around.hosts:
                hosts.setdefault(host, page.line(image.start))
                yield from _pixel(page, image)
    for host, line in hosts.items():
        yield from _tracking_host(mail, around, host, line)
    yield from _dead(mail, around)
    if mail.is_tracked:
        yield from _left_alone(mail)


def _tracking_host(mail: Mail, around: Surroundings, host: str, line: int) -> Iterator[Finding]:
    if mail.sender_domain and not is_aligned(host, mail.sender_domain):
        yield finding("tracking_unaligned", line, host, host=host, domain=mail.sender_domain)
    if len(host) >= HOST_CHARS:
        yield finding("tracking_host_long", line, host, host=host, chars=str(len(host)))
    if around.hosts[host].startswith("http:"):
        yield finding("tracking_http", line, host, host=host)


def _dead(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """The first address of ours that our keys do not open: tracked links, ways off the list, the pixel."""
    if around.installation is None:
        return
    links = [(anchor.link.href, anchor.line) for anchor in mail.anchors]
    pixels = [(image.src, page.line(image.start)) for page in mail.pages for image in page.page.images]
    for url, line in (*links, *pixels):
        host = _host(url)
        if host in around.hosts and _OURS.match(urlsplit(url).path) and not around.installation.holds(url):
            yield finding("own_link_dead", line, url, host=host)
            return


def _pixel(page: Part, image: Image) -> Iterator[Finding]:
    if "/o/" not in image.src:
        return
    line = page.line(image.start)
    if image.is_linked:
        yield finding("pixel_linked", line, image.src)
    elif image.is_hidden:
        yield finding("pixel_hidden", line, image.src)


def _left_alone(mail: Mail) -> Iterator[Finding]:
    told = set()
    for anchor in mail.anchors:
        why = anchor.link.why_not
        if why in _WORTH_TELLING and why not in told and not misleads(anchor, mail) and not says_https(anchor):
            told.add(why)
            yield finding("untracked", anchor.line, anchor.link.href, href=anchor.link.href, reason=why)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
