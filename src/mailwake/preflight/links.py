"""What can be told of links without following them: addresses that filters mind, and text that says another one.

Source: rspamd's rules/misc.lua, lualib/plugins/phishing and scores.d/phishing_group.conf; SpamAssassin's 20_phrases.cf
and 20_uri_tests.cf; RFC 3986.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from urllib.parse import unquote

from mailwake.compose.targets import is_address, judge_target
from mailwake.preflight.body import tag_in
from mailwake.preflight.findings import Finding, finding, fold
from mailwake.preflight.lookalikes import is_lookalike
from mailwake.preflight.mail import Anchor, Mail
from mailwake.preflight.names import is_aligned, owner
from mailwake.preflight.surroundings import Surroundings
from mailwake.visiting.addresses import is_public

#: rspamd's URL_VERY_LONG
LONG_URL = 2_048
_URL = re.compile(r"https?(?::|%3a)(?:/|%2f){2}", re.IGNORECASE)
_NUMERIC = re.compile(r"[0-9.]+|\[.*\]")
#: names that lead nowhere on the open internet: RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`
_INNER = re.compile(r"(?:^|\.)(?:localhost|local|internal|home\.arpa|lan|intranet)$")
_MISSPELT = re.compile(r"(?!https?:|tts?:)(?:h{0,3}t{1,4}p{1,3}s{0,4}|hp+s*):/|https?:/*https?[:/]", re.IGNORECASE)
#: Addresses that are no pages, by what is wrong with them; a file of whoever wrote the message is nobody else's.
_SCHEMES = {
    "link_script": re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE),
    "link_own_file": re.compile(r"file:|[a-z]:[\\/]", re.IGNORECASE),
    "link_unopened": re.compile(r"(?:ftps?|blob|about|chrome|view-source):", re.IGNORECASE),
    # to somebody; or to nobody yet, with words that the reader sends on
    "link_nobody": re.compile(
        r"mailto:(?!\?.*\b(?:subject|body|to|cc|bcc)=[^&])(?!.*[^@\s<>,;?](?:@|%40)[^@\s<>,;?])|(?:tel|sms):(?!\?.)[^a-z0-9]*\Z",
        re.IGNORECASE,
    ),
}
_BROKEN = frozenset(("userinfo", "control", "unsafe", "bad_host", "undecodable"))


@lru_cache(maxsize=1)
def shorteners() -> frozenset[str]:
    """Hosts that hide where a link leads."""
    text = resources.files(__package__).joinpath("shorteners.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["hosts"])


def check_links(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """Every link by itself; what is the same of several is reported where it is first."""
    found = (each for anchor in mail.links for each in _check(anchor, mail, around))
    yield from fold(found, lambda each: each.values.get("host") or each.values.get("href") or each.place.words)


def _check(anchor: Anchor, mail: Mail, around: Surroundings) -> Iterator[Finding]:
    href, why, line = anchor.link.href, anchor.link.why_not, anchor.line
    if why == "placeholder" or (why == "own_page" and mail.is_tracked):
        yield finding("placeholder_link", line, href, href=href)
    elif code := _as_written(href, why, mail):
        shown = anchor.text or anchor.link.label if code == "link_empty" else href
        yield finding(code, line, shown, href=href, text=shown)
    elif href.lower().startswith(("http:", "https:")):
        yield from _web(anchor, mail, around)


def is_misspelt(href: str) -> bool:
    """Whether an address was meant to begin with https://, and does not, or does so twice."""
    return _MISSPELT.match(href) is not None


def _as_written(href: str, why: str | None, mail: Mail) -> str:
    """The code of what is wrong with an address that leads nowhere as it is written; empty: nothing is."""
    if is_misspelt(href):
        return "link_misspelt"
    if why in ("empty", "fragment"):
        return "link_empty" if href in ("", "#") else "" if unquote(href[1:]) in mail.places else "link_fragment"
    if why in ("relative", "protocol_relative"):
        return "link_relative"
    if why == "scheme":
        return next((code for code, pattern in _SCHEMES.items() if pattern.match(href)), "")
    return "link_broken" if why in _BROKEN else ""


def _web(anchor: Anchor, mail: Mail, around: Surroundings) -> Iterator[Finding]:
    href, line = anchor.link.href, anchor.line
    target = (around.installation and around.installation.target(href)) or href
    host = _host(target)
    if anchor.text and (tag_in(target) or tag_in(unquote(target))):  # in text the tag itself is found
        yield finding("placeholder_link", line, target, href=target)
        return
    if host.removeprefix("www.") in shorteners():
        yield finding("shortener", line, target, host=host)
    if is_lookalike(host):
        yield finding("host_lookalike", line, target, host=host)
    if around.visitor is None and is_inner(host):  # else it is asked, and does not answer
        yield finding("link_private", line, target, host=host)
    elif _NUMERIC.fullmatch(host):
        yield finding("numeric_host", line, target, host=host)
    if " " in href.strip():
        yield finding("link_space", line, href, href=href)
    if len(href) > LONG_URL:
        yield finding("link_long", line, href, chars=f"{len(href):,}")
    query = target.partition("?")[2]
    if len(_URL.findall(query)) > 1:
        yield finding("nested_urls", line, target, host=host)
    if target.lower().startswith("http:") and host not in around.hosts and not says_https(anchor):
        yield finding("link_http", line, target, host=host)
    yield from _mismatch(anchor, mail)


def _mismatch(anchor: Anchor, mail: Mail) -> Iterator[Finding]:
    text, href = anchor.text.strip(), anchor.link.href
    if says_https(anchor):
        yield finding("text_says_https", anchor.line, text, text=text)
    if misleads(anchor, mail):
        yield finding("text_mismatch", anchor.line, text, text=text, host=_host(href))


def says_https(anchor: Anchor) -> bool:
    """Whether the text is an https address, and the link is not."""
    text = anchor.text.strip()
    return is_address(text) and text.lower().startswith("https:") and anchor.link.href.lower().startswith("http:")


def misleads(anchor: Anchor, mail: Mail) -> bool:
    """Whether the text is an address, and none of the place where the link leads.

    Not minded, as by rspamd: the link leads to the sender's own domain, or to the one that is shown by way of a query.
    """
    text, href = anchor.text.strip(), anchor.link.href
    if not is_address(text):
        return False
    shown, host = _host(text if "://" in text else f"http://{text.lstrip('(<[')}"), _host(href)
    if not shown or not host or is_aligned(host, shown) or is_aligned(host, mail.sender_domain):
        return False
    return owner(shown) not in unquote(href.partition("?")[2]).lower()


def is_inner(host: str) -> bool:
    """Whether a host is of a private network, by its name or address alone."""
    if _INNER.search(host):
        return True
    try:
        return not is_public(host.strip("[]"))
    except ValueError:
        return False


def _host(url: str) -> str:
    """Of an address, lower case; empty where programs disagree on it."""
    return judge_target(url)[1].rstrip(".")
