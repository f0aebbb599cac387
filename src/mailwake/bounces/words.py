"""The words of a refusal, made comparable: what names hosts, addresses and links is taken out, what tells is kept."""

from __future__ import annotations

import re
from typing import NamedTuple

#: More than any server says; what is longer was put together by somebody else.
_MAX_CHARS = 4_000
_MAX_QUOTED_BYTES = 1_000
#: RFC 3463 section 2. Here and below the digit stands first, what may not stand before it second: so a text is skimmed
#: for the digits, which is several times faster.
_STATUS = re.compile(r"[245](?<![\d.][245])\.(\d{1,3}\.\d{1,3})(?![\d.]|-\d)")
#: RFC 5321 section 4.2.1: the code opens the reply
_REPLY = re.compile(r"[245](?<![^\s;:(\"'#<-][245])[0-5]\d(?=[\s\-:,#]|$)")
_HOST = re.compile(r"\bhost ([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,20})")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']{1,2000}")
#: begins only where a word begins, so that a long word is looked at once
_ADDRESS = re.compile(r"(?<![^\s<>()\[\],;:\"'])[^\s<>()\[\],;:\"'@]{0,256}@[^\s<>()\[\],;:\"'@]{1,253}")
#: RFC 5321 section 4.2.1: the code that opens each further line of a reply
_AGAIN = re.compile(r"(?<=\s)[245]\d\d(?:-[245]\.\d{1,3}\.\d{1,3} |- ?| [245]\.\d{1,3}\.\d{1,3} )")
#: What IronPort and Amazon SES put before any answer to RCPT or DATA, whatever that answer says.
_WRAPPING = ("unknown address error", "other mail system problem")
#: What our own side adds of the dialogue. It names the command, which says nothing of what was refused.
_REMARK = re.compile(r"\(in reply to [^()]{1,40}\)")
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Words(NamedTuple):
    """A refusal, read."""

    #: all of it, in lower case
    whole: str
    #: without addresses, hosts, links and codes
    plain: str
    #: the links alone
    links: str
    #: enhanced status codes without their class, in order
    codes: tuple[str, ...]
    #: SMTP reply codes, in order
    replies: tuple[str, ...]
    #: host that refused
    server: str


def read_words(reason: str, *, server: str | None = None) -> Words:
    """The words of a refusal; time is proportional to their length, which is capped."""
    whole = " ".join(reason[:_MAX_CHARS].lower().replace("\u2019", "'").split())
    host = _HOST.search(whole) if "host " in whole else None
    links = " ".join(_LINK.findall(whole)) if "http" in whole or "www." in whole else ""
    plain = _LINK.sub(" ", whole) if links else whole
    for wrapping in _WRAPPING:
        plain = plain.replace(wrapping, " ")
    codes = tuple(_STATUS.findall(plain))
    replies = tuple(_REPLY.findall(plain))
    if "(in reply to " in plain:
        plain = _REMARK.sub(" ", plain)
    if "@" in plain:
        plain = _ADDRESS.sub("@", plain)
    if host is not None:
        plain = _HOST.sub(" ", plain)
    if len(replies) > 1 or len(codes) > 1:
        plain = _AGAIN.sub("", plain)
    return Words(
        whole=whole, plain=" ".join(plain.split()), links=links, codes=codes, replies=replies,
        server=(server or (host[1] if host else "")).rstrip(".").lower(),
    )  # fmt: skip


def quote(reason: str, word: str = "") -> str:
    """The line that holds the word, printable, at most 1,000 bytes; the whole where there is one line or no word."""
    lines = reason[:_MAX_CHARS].splitlines() or [""]
    if len(lines) > 1:
        lines = [line for line in lines if line.strip()] or [""]
    line = next((each for each in lines if word and word in each.lower()), " ".join(lines)) if lines[1:] else lines[0]
    start = max(0, line.lower().find(word) - 400) if word and len(line) > 800 else 0
    clean = " ".join(line[start:].split())
    if clean.isascii() and clean.isprintable():
        return clean[:_MAX_QUOTED_BYTES]
    clean = _NO_TEXT.sub("", clean)
    return clean.encode("utf-8")[:_MAX_QUOTED_BYTES].decode("utf-8", "ignore")
