"""A mail from a stranger, opened within limits: no size, depth or width of it can keep us busy.

Notices are often broken mail: boundaries that do not match, headers without a blank line behind them, text that calls
itself something else. So this reader is a small one of our own that takes what it finds, in time proportional to the
size. What lies past a limit is ignored, not refused, because a notice says what it has to say first and returns the
mail it is about last. Source of the forms: RFC 5322, RFC 2045, RFC 2046, RFC 2047.
"""

from __future__ import annotations

import binascii
import html
import quopri
import re
from collections.abc import Iterator
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import mktime_tz, parsedate_tz

from mailwake.errors import Unreadable

#: A notice that returns a message of 25 MB has said everything long before this.
READ_BYTES = 262_144
#: Real notices have fewer than ten levels.
MAX_DEPTH = 20
#: Parts looked at; a digest of thousands is no notice.
MAX_WALK = 200
#: Of one header; decoding takes time, and a subject or status that is longer says nothing more.
MAX_HEADER_CHARS = 4_096
#: Of a notice in HTML; what it says stands in the first screen, behind its styles.
MAX_HTML_CHARS = 100_000

#: What holds a whole mail. The other ``message/…`` types hold fields, which read like text.
_MAILS = frozenset({"message/rfc822", "message/global", "message/news"})
#: codecs of Python that are no charsets of mail
_NO_CHARSETS = frozenset({"unicode_escape", "raw_unicode_escape", "unicode-escape", "idna", "punycode", "undefined"})
_FOLD = re.compile(r"\n[ \t]+")
_BOUNDARY = re.compile(r"boundary[ \t]*=[ \t]*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_CHARSET = re.compile(r"charset[ \t]*=[ \t]*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
#: a line that opens a part, where the header names another boundary or none
_ANY_BOUNDARY = re.compile(r"^--(\S[^\n]{0,200})\ncontent-", re.IGNORECASE | re.MULTILINE)
_FIELDS = re.compile(r"^([!-9;-~]{1,76})[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_FIELD = re.compile(r"[!-9;-~]{1,76}[ \t]*:")
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ANGLES = re.compile(r"<([^<>\s]{1,998})>")
#: begins only where a word begins, so that a long word is looked at once
_ADDRESS = re.compile(r"(?<![^\s<>()\[\],;:\"'])[^\s<>()\[\],;:\"'@]{1,256}@[^\s<>()\[\],;:\"'@]{1,253}")
_FOR = re.compile(r"[fF](?<!\w[fF])[oO][rR]\s{1,9}<([^<>\s@]{1,256}@[^<>\s@]{1,253})>")
_MAX_RECEIVED_CHARS = 2_000
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_BREAKS = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?table|hr|/?td)\b[^<>]{0,500}>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(?:style|script|head)[\s>]", re.IGNORECASE)
_SEEN_AGAIN = re.compile(r"</(?:style|script|head)>", re.IGNORECASE)


class Part:
    """A mail or a part of one: header fields, and text or further parts.

    Args:
        raw: as it travelled, one character a byte, lines ended by LF.
        unopened: how deep it stands, of a mail inside another: it is taken apart only when somebody looks into it.

    Attributes:
        body: what follows the header, not decoded.
        kind: its content type, lower case; ``text/plain`` where it tells none.
    """

    __slots__ = ("_below", "_fields", "_held", "_unopened", "body", "kind")

    def __init__(self, raw: str, *, unopened: int | None = None) -> None:
        head, body = _split(raw)
        self._fields = read_fields(head)
        self.body = body
        self._held: list[Part] = []
        self._below: tuple[Part, ...] | None = None
        self._unopened = unopened
        told = self.first("content-type").partition(";")[0].split(None, 1)
        self.kind = told[0].lower() if told else "text/plain"

    @property
    def inside(self) -> list[Part]:
        """The parts that it holds; empty for a leaf."""
        if self._unopened is not None:
            depth, self._unopened = self._unopened, None
            _take_apart(self, depth)
        return self._held

    def hold(self, held: list[Part]) -> None:
        """Put parts into it."""
        self._held, self._below = held, None

    @property
    def own(self) -> tuple[Part, ...]:
        """It and everything inside it, in document order, without what stands inside a mail that it holds."""
        if self._below is None:
            found: list[Part] = []
            todo = [] if self.kind in _MAILS else [*reversed(self.inside)]
            while todo:
                part = todo.pop()
                found.append(part)
                if part.kind not in _MAILS and part.inside:
                    todo.extend(reversed(part.inside))
            self._below = tuple(found)
        return (self, *self._below)

    def get_all(self, name: str) -> list[str]:
        """The values of a header, in order, each on one line."""
        return self._fields.get(name, [])

    def first(self, name: str) -> str:
        """The first value of a header, not decoded; empty where there is none."""
        values = self._fields.get(name)
        return values[0] if values else ""

    def has(self, name: str) -> bool:
        """Whether there is such a header."""
        return name in self._fields


def open_mail(raw: bytes) -> Part:
    """The mail as a tree of parts.

    Raises:
        Unreadable: it is empty, or nested beyond reason.
    """
    head = raw[:READ_BYTES]
    if b"\r" in head:
        head = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not head.strip():
        raise Unreadable("the mail is empty")
    return _open(head.decode("latin-1"))


def open_text(words: str) -> Part:
    """A mail that stands as text in another.

    Raises:
        Unreadable: it is nested beyond reason.
    """
    return _open(words.encode("utf-8", "replace").decode("latin-1"))


def _open(raw: str) -> Part:
    whole = Part(raw.lstrip("\n"))
    if not _take_apart(whole, 0):
        raise Unreadable(f"the mail has more than {MAX_DEPTH} parts inside each other")
    return whole


def _take_apart(whole: Part, depth: int) -> bool:
    """Open a part down to the mails that it holds; False where that goes too deep: what lies deeper stays closed."""
    left = MAX_WALK - 1
    todo = [(whole, depth)]
    while todo and left > 0:
        part, depth = todo.pop()
        is_mail = part.kind in _MAILS
        held = [Part(each, unopened=depth + 1 if is_mail else None) for each in _taken_apart(part, left)]
        if held and depth >= MAX_DEPTH:
            return False
        left -= len(held)
        part.hold(held)
        if not is_mail:
            todo.extend((each, depth + 1) for each in reversed(held))
    return True


def _split(raw: str) -> tuple[str, str]:
    """Header and body; text without a header is all body."""
    if raw.startswith("\n"):
        return "", raw[1:]
    head, _, body = raw.partition("\n\n")
    if not _FIELD.match(head) and not head.startswith(("From ", ">From ")):
        return "", raw
    return head, body


def read_fields(head: str) -> dict[str, list[str]]:
    """Header fields by lower-case name, unfolded; lines that are none are left out."""
    fields: dict[str, list[str]] = {}
    for name, value in _FIELDS.findall(_FOLD.sub(" ", head)):
        fields.setdefault(name.lower(), []).append(value.rstrip())
    return fields


def _taken_apart(part: Part, most: int) -> list[str]:
    if part.kind in _MAILS:
        return [_travelled(part).lstrip("\n")] if part.body.strip() else []
    if not part.kind.startswith("multipart/"):
        return []
    named = _BOUNDARY.search(part.first("content-type"))
    found = _between(part.body, named[1] or named[2], most) if named else []
    if not found:
        other = _ANY_BOUNDARY.search(part.body)
        found = _between(part.body, other[1].rstrip(), most) if other else []
    return found


def _between(body: str, boundary: str, most: int) -> list[str]:
    """What stands between the lines that name this boundary (RFC 2046 section 5.1.1)."""
    pieces = ("\n" + body).split(f"\n--{boundary}", most + 1)
    found: list[str] = []
    for piece in pieces[1:]:
        line, _, rest = piece.partition("\n")
        line = line.rstrip()
        if line == "--":
            break
        if not line:
            found.append(rest)
        elif found:  # the boundary of a part further inside begins with ours
            found[-1] += f"\n--{boundary}{piece}"
    return found[:most]


def _travelled(part: Part) -> str:
    """The body with its transfer encoding taken off, one character a byte (RFC 2045 section 6)."""
    encoding = part.first("content-transfer-encoding").lower()
    if encoding.startswith("quoted-printable"):
        return quopri.decodestring(part.body.encode("latin-1")).decode("latin-1")
    if encoding.startswith("base64"):
        packed = re.sub(r"[^A-Za-z0-9+/]", "", part.body)
        try:
            return binascii.a2b_base64(packed + "=" * (-len(packed) % 4)).decode("latin-1").replace("\r\n", "\n")
        except binascii.Error:
            return part.body
    return part.body


def parts(message: Part) -> Iterator[Part]:
    """The message and everything inside it, in document order."""
    todo, left = [message], MAX_WALK
    while todo and left:
        part = todo.pop()
        left -= 1
        yield part
        todo.extend(reversed(part.inside))


def printable(text: str) -> str:
    """The text without what a terminal obeys and no log can hold: control characters, halves of surrogate pairs."""
    return text if text.isprintable() and text.isascii() else _NO_TEXT.sub("", text)


def decoded(value: str) -> str:
    """A header value on one line, encoded words decoded."""
    raw = value[:MAX_HEADER_CHARS]
    if not raw.isascii():
        with suppress(UnicodeEncodeError):  # beyond Latin-1 there are only texts that were decoded already
            raw = _in_charset(raw.encode("latin-1"), "")
    if "=?" in raw:
        with suppress(ValueError, LookupError, MessageError):
            raw = str(make_header(decode_header(raw)))
    return printable(" ".join(raw.split()))


def header(message: Part, name: str) -> str:
    """A header on one line, encoded words decoded; empty where there is none."""
    value = message.first(name)
    return decoded(value) if value else ""


def text(part: Part) -> str:
    """The text of a leaf, decoded as well as it can be; empty for anything else."""
    if part.inside:
        return ""
    raw = _travelled(part)
    if raw.isascii() and "\x1b" not in raw:
        return raw
    named = _CHARSET.search(part.first("content-type"))
    return _in_charset(raw.encode("latin-1"), named[1] if named else "")


def _in_charset(raw: bytes, charset: str) -> str:
    """Bytes as text: as they say, else as they look (RFC 1468 for Japanese in seven bits)."""
    if b"\x1b$" in raw or b"\x1b(" in raw:
        return raw.decode("iso2022_jp_2", "replace")
    if charset.lower() in _NO_CHARSETS:
        charset = ""
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name)
        except (LookupError, ValueError):
            continue
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("latin-1")


def readable(part: Part) -> str:
    """The words of a text part; of HTML, what a reader sees."""
    words = text(part)
    if part.kind == "text/html":
        words = words[:MAX_HTML_CHARS]
        words = _without_unseen(words)
        words = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", words.replace("\n", " "))))
    return words


def _without_unseen(words: str) -> str:
    """HTML without its styles and scripts."""
    kept, place = [], 0
    while (start := _UNSEEN.search(words, place)) is not None:
        kept.append(words[place : start.start()])
        end = _SEEN_AGAIN.search(words, start.end())
        place = end.end() if end else len(words)
    return "".join([*kept, words[place:]])


def addresses(message: Part, *names: str) -> tuple[str, ...]:
    """The addresses in these headers, lower case, without duplicates, in order."""
    found: list[str] = []
    for value in (value for name in names for value in message.get_all(name)):
        raw = printable(value[:65_536])
        bracketed = [each for each in _ANGLES.findall(raw) if "@" in each]
        found.extend(each.lower() for each in bracketed or _ADDRESS.findall(raw))
    return tuple(dict.fromkeys(found))


def sent_to(message: Part) -> tuple[str, ...]:
    """Whom a mail was for: To and Cc, and the recipient that the first server noted down.

    A mail to a list, or to nobody by name, shows its recipient nowhere else (RFC 5321 section 4.4: ``for <address>``).
    """
    noted = (_FOR.findall(value[:_MAX_RECEIVED_CHARS]) for value in reversed(message.get_all("received")))
    first = next((found[-1].lower() for found in noted if found), None)
    return tuple(dict.fromkeys((*addresses(message, "to", "cc"), *((first,) if first else ()))))


def message_id(message: Part) -> str | None:
    """The Message-ID without its brackets."""
    value = header(message, "message-id")
    found = _ANGLES.search(value)
    return found[1] if found else value or None


def dated(message: Part) -> int | None:
    """The Date header in microseconds since 1970, UTC."""
    try:
        told = parsedate_tz(message.first("date")[:200])
        return None if told is None else round(mktime_tz(told) * 1_000_000)
    except (ValueError, TypeError, OverflowError, IndexError, RecursionError):
        return None
