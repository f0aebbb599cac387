"""Which addresses may be tracked, and why the others are left alone.

A tracked address must lead every reader to the place the author wrote, whatever parses it on the way. So everything
that programs read differently (credentials, backslashes, control characters, look-alike hosts) is left as it is.

Source: WHATWG URL Standard; spam filters score such addresses (rspamd URL_BACKSLASH_PATH, URL_USER_PASSWORD,
URL_RTL_OVERRIDE, URL_ZERO_WIDTH_SPACES, PHISHING).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv6Address
from urllib.parse import quote_plus

from mailwake.tokens import MAX_TARGET_BYTES


class WhyNot(StrEnum):
    """Why a link is left as the author wrote it."""

    #: nothing between the quotes
    EMPTY = "empty"
    #: a place in the mail itself
    FRAGMENT = "fragment"
    #: mailto, tel, cid, data and everything else that is not http or https
    SCHEME = "scheme"
    #: has no meaning in mail
    RELATIVE = "relative"
    #: starts with // and has no meaning in mail
    PROTOCOL_RELATIVE = "protocol_relative"
    #: a merge tag of another program is still in it
    PLACEHOLDER = "placeholder"
    #: the author said so: data-no-track
    NO_TRACK = "no_track"
    #: the visible text is an address; filters take a different target for phishing
    TEXT_IS_URL = "text_is_url"
    #: leads to the tracking host already
    OWN_HOST = "own_host"
    #: our unsubscribe or preference page, never counted as a click
    OWN_PAGE = "own_page"
    #: more than 16 kB
    TOO_LONG = "too_long"
    #: above 65,535 links
    TOO_MANY = "too_many"
    #: user name or password in the address
    USERINFO = "userinfo"
    #: NUL and other control characters, or invisible ones that change direction or width
    CONTROL = "control"
    #: programs disagree on where it leads: backslash, odd slashes, odd numbers, look-alike dots
    UNSAFE = "unsafe"
    #: the host is no name that can exist
    BAD_HOST = "bad_host"
    #: bytes that are wrong for the charset of the part
    UNDECODABLE = "undecodable"
    #: in a drawing, by ``xlink:href``
    SVG = "svg"
    #: where a form is sent to; it may be a POST, which no redirect may pass on
    FORM = "form"
    #: an AMP document must stay valid
    AMP = "amp"
    #: inside <template>: no reader sees it
    INERT = "inert"
    #: personal, and the mode may single nobody out
    PERSONAL = "personal"
    #: clicks are not tracked in this message
    OFF = "off"


#: Not NUL: the HTML parser has made something else of it by then.
_EDGES = "".join(map(chr, range(1, 33)))
_INNER = {9: None, 10: None, 13: None}
#: Names in single marks too, where a URL holds such marks nowhere else: a brace or ``<?`` never, ``%`` only before two
#: digits. The programs that write them are in ``preflight/merge_tags.toml``.
_PLACEHOLDER = re.compile(
    r"\{\{|\{%|\{#|<%|%%|\*\||\[\[|\$\{|\|\*|\}\}|%\}|%>|<\?|#\{|\{[!$]|\[%|\$\[|\{[A-Za-z_][^{}]*\}"
    r"|%[A-Za-z_][\w.:-]*%(?![0-9A-Fa-f]{2})|##\w+##|@@\w+@@|\$[A-Za-z_][\w.]*\$|~\w+\.\w+~"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HTTP = re.compile(r"(?ai:https?)://([^/?#]*)")
_AUTHORITY = re.compile(r"(?i)(\[[0-9a-f:.]+\]|[^\[\]:@%\s<>^|`{}\"]+)(?::([0-9]{0,5}))?")
_ASCII_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?")
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\.?$")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
#: C0 and C1 controls, zero width, bidirectional overrides, byte order mark
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc]")


def clean(value: str) -> str:
    """An attribute's value as a URL parser takes it: no white space around it, no tabs or line ends in it."""
    if value.isprintable() and not value.startswith(" ") and not value.endswith(" "):
        return value
    return value.strip(_EDGES).translate(_INNER)


def has_placeholder(href: str) -> bool:
    """Whether a merge tag of some template language, or half of one, is in it."""
    return _PLACEHOLDER.search(href) is not None


def judge_target(href: str) -> tuple[WhyNot | None, str]:
    """Whether an address may be tracked.

    Args:
        href: decoded and cleaned.

    Returns:
        (why not, host): None when it may be tracked, with the host in lower case.
    """
    if not href:
        return WhyNot.EMPTY, ""
    if has_placeholder(href):
        return WhyNot.PLACEHOLDER, ""
    if href.startswith(("//", "\\\\", "/\\", "\\/")):
        return WhyNot.PROTOCOL_RELATIVE, ""
    scheme = _SCHEME.match(href)
    if not scheme:
        return (WhyNot.FRAGMENT if href.startswith("#") else WhyNot.RELATIVE), ""
    if scheme[0].lower() not in ("http:", "https:"):
        return WhyNot.SCHEME, ""
    return _judge_http(href)


def _judge_http(href: str) -> tuple[WhyNot | None, str]:
    if _CONTROL.search(href):
        return WhyNot.CONTROL, ""
    if "\\" in href:
        return WhyNot.UNSAFE, ""
    parts = _HTTP.match(href)
    if not parts or not parts[1]:
        return WhyNot.UNSAFE, ""
    if "@" in parts[1]:
        return WhyNot.USERINFO, ""
    if len(href) > MAX_TARGET_BYTES // 4 and len(href.encode()) > MAX_TARGET_BYTES:
        return WhyNot.TOO_LONG, ""
    authority = _AUTHORITY.fullmatch(parts[1])
    if not authority or (authority[2] and not 0 < int(authority[2]) < 65536):
        return WhyNot.BAD_HOST, ""
    return _judge_host(authority[1].lower())


#: Of a host name, and of one label of it (RFC 1035 section 2.3.4); no way of writing one is shorter than itself.
_MAX_HOST, _MAX_LABEL = 253, 63


def _judge_host(host: str) -> tuple[WhyNot | None, str]:
    # Looked at first: normalising and encoding what is longer takes the square of its length.
    if len(host) > _MAX_HOST + 1 or max(map(len, host.split("."))) > _MAX_LABEL:
        return WhyNot.BAD_HOST, ""
    if not host.isascii():
        if "\u3002" in host or unicodedata.normalize("NFKC", host) != host:
            return WhyNot.UNSAFE, ""
        try:
            encoded = host.encode("idna").decode("ascii")
        except UnicodeError:
            return WhyNot.BAD_HOST, ""
        return (None, host) if _ASCII_HOST.fullmatch(encoded) else (WhyNot.BAD_HOST, "")
    if host.startswith("["):
        return (None, host) if _is_ipv6(host[1:-1]) else (WhyNot.BAD_HOST, "")
    if _NUMERIC.search(host.rpartition(".")[2] or host):
        return (None, host) if _IPV4.fullmatch(host) else (WhyNot.UNSAFE, "")
    return (None, host.rstrip(".")) if _ASCII_HOST.fullmatch(host) else (WhyNot.BAD_HOST, "")


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def add_parameters(href: str, parameters: Mapping[str, str]) -> str:
    """Add query parameters that an address does not have yet; nothing else of it changes.

    Args:
        href: an http or https address.
        parameters: names and values, not encoded.
    """
    rest, mark, fragment = href.partition("#")
    path, has_query, query = rest.partition("?")
    present = {pair.partition("=")[0].lower() for pair in re.split("[&;]", query)}
    added = "&".join(
        f"{quote_plus(name)}={quote_plus(value)}" for name, value in parameters.items() if name.lower() not in present
    )
    if not added:
        return href
    if not has_query:
        rest = f"{path}?{added}"
    else:
        rest = f"{rest}{added}" if query.endswith("&") or not query else f"{rest}&{added}"
    return f"{rest}{mark}{fragment}"


_BARE_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:[a-z]{2}|com|net|org|info|biz|edu|gov|mil|int|name|pro|app|dev|shop|store"
    r"|online|site|tech|blog|cloud|news|club|xyz|live|agency|digital|travel|museum|jobs|mobi|coop|aero|asia|cat|tel|eu)"
    r"(?::[0-9]+)?(?:[/?#]\S*)?"
)
#: Brackets, quotes, arrows and sentence ends around an address.
_AROUND = re.compile(r"^\W+|[^\w/]+$")
_ADDRESS = re.compile(r"(?:https?:/?/?|hxxps?://|www\.)\S+")


def is_address(text: str) -> bool:
    """Whether what the reader sees is itself a web address or a domain name.

    Args:
        text: visible text, white space collapsed.
    """
    if "." not in text or len(text) > 2_000:
        return False
    text = _AROUND.sub("", text).lower()
    return bool(_ADDRESS.fullmatch(text) or _BARE_DOMAIN.fullmatch(text))
