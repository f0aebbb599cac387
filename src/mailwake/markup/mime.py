"""Where the parts of a message are, as ranges of bytes. Reads whatever arrives; never writes.

No parser of the standard library gives a message back as it came, so this one only tells places. It follows RFC 5322
and 2046 where the message does, and Python's own parser where it does not: a line that is no header ends the header,
a boundary that never ends runs to the end, text without a type is plain text.

Source: RFC 2045, RFC 2046, RFC 2231 (parameters), RFC 5322.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote_to_bytes

#: Parts inside parts are read to this depth; nobody's mail program shows what lies deeper.
MAX_DEPTH = 40
#: Parts beyond this number are not looked for.
MAX_PARTS = 10_000
_FIELD = re.compile(rb"([!-9;-~]*+):([^\n]*+(?>(?:\n[ \t][^\n]*+)*))(?:\n|\Z)")
_FOLD = re.compile(r"(?<!\r)\r*+\n")
_BLANK = re.compile(rb"\r*+\n")
_DELIMITER_REST = re.compile(rb"(?>(--)?)[ \t]*+\r*+(?:\n|\Z)")
_MAILBOX_LINE = re.compile(rb">?From [^\n]*+(?:\n|\Z)")
_TYPE = re.compile(r"\s*+([^\s;/]++)/([^\s;]++)")
_PARAMETER = re.compile(r";\s*+([^\s=;]++)\s*+=\s*+(?:\"((?>(?:[^\"\\]|\\.)*))\"?|([^;]*+))", re.DOTALL)
#: What is escaped is passed over in pairs, so that no search begins twice inside of what does not end.
_COMMENT = re.compile(r"\\.|\"(?>(?:[^\"\\]|\\.)*)\"|(\((?>(?:[^()\\]|\\.)*)\))", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
#: Fields, behind the empty line that ends a header.
_BEHIND = re.compile(rb"[\r\n]*+(?>(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+)")
_NAME = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
#: No person writes these at the start of a letter, and of the others it takes two.
_NEVER_TEXT = frozenset((
    "message-id", "mime-version", "content-type", "content-transfer-encoding", "list-unsubscribe",
    "list-unsubscribe-post", "list-id", "feedback-id", "dkim-signature",
))  # fmt: skip
_SELDOM_TEXT = frozenset(("from", "sender", "reply-to", "to", "cc", "date", "subject"))


@dataclass(kw_only=True)
class Entity:
    """A message or a part of one."""

    #: all bytes, with lone CR turned into LF where the message has no LF at all: same places, one kind of line
    lines: bytes = field(repr=False)
    #: names in lower case with raw values, in order
    fields: list[tuple[str, bytes]] = field(repr=False)
    #: where its header starts
    start: int
    #: after the last line of its header; a new field goes here
    header_end: int
    body_start: int
    body_end: int
    #: type when it names none
    default_type: str = "text/plain"
    parts: list[Entity] = field(default_factory=list)
    #: its boundary was looked for, and no line ends the last part
    is_open: bool = field(init=False, default=False)
    #: type and subtype in lower case; plain text where it says something impossible
    content_type: str = field(init=False)
    #: Content-Transfer-Encoding in lower case; empty where there is none
    encoding: str = field(init=False, default="")
    _first: dict[str, bytes] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Everybody asks for these three."""
        for name, value in reversed(self.fields):
            self._first[name] = value
        kind, encoding = self.header("content-type"), self.header("content-transfer-encoding")
        match = _TYPE.match(_without_comments(kind)) if kind is not None else None
        if match:
            self.content_type = f"{match[1]}/{match[2]}".lower()
        else:
            self.content_type = "text/plain" if kind is not None else self.default_type
        if encoding is not None:
            self.encoding = _without_comments(encoding).partition(";")[0].strip().strip("\"'").lower()

    def header(self, name: str) -> str | None:
        """The first value of a field, unfolded; None when there is none."""
        value = self._first.get(name)
        if value is None:
            return None
        text = value.decode("latin-1")
        return (_FOLD.sub("", text) if "\n" in text else text).strip()

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a field, unfolded; bytes beyond ASCII are UTF-8 (RFC 6532)."""
        return tuple(_FOLD.sub("", value.decode("utf-8", "replace")) for each, value in self.fields if each == name)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Parameters of its type, names in lower case."""
        return _parameters(self.header("content-type") or "")

    @cached_property
    def disposition(self) -> str:
        """Its Content-Disposition in lower case, without parameters; empty where there is none."""
        return _without_comments(self.header("content-disposition") or "").partition(";")[0].strip().lower()

    @property
    def is_named(self) -> bool:
        """Whether it has a file name."""
        return "name" in self.parameters or "filename" in _parameters(self.header("content-disposition") or "")

    def broken_at(self) -> int | None:
        """Where its header ends too early: at a line that is no field, or an empty one in between; None: nowhere."""
        if self.body_start == self.header_end:
            return self.header_end if self.header_end < self.body_end else None
        behind = _BEHIND.match(self.lines, self.body_start, self.body_end)
        names = {name.decode("ascii").lower() for name in _NAME.findall(behind[0])} if behind else set()
        names -= {name for name, _ in self.fields}
        return self.header_end if names & _NEVER_TEXT or len(names & _SELDOM_TEXT) > 1 else None

    def walk(self) -> Iterator[Entity]:
        """It and everything in it, in order; attached messages are one part and are not opened."""
        yield self
        for part in self.parts:
            yield from part.walk()


def read_message(raw: bytes) -> Entity | None:
    """The places of a message; None when it does not start like one."""
    lines = raw if b"\n" in raw else raw.replace(b"\r", b"\n")
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    mailbox_line = _MAILBOX_LINE.match(lines, start)
    message = _read(lines, mailbox_line.end() if mailbox_line else start, len(raw), "text/plain")
    if not message.fields:
        return None
    _open(message, 0, [MAX_PARTS])
    return message


def _read(lines: bytes, start: int, end: int, default_type: str) -> Entity:
    fields: list[tuple[str, bytes]] = []
    position = start
    while match := _FIELD.match(lines, position, end):
        fields.append((match[1].decode("ascii").lower(), match[2]))
        position = match.end()
    blank = _BLANK.match(lines, position, end)
    return Entity(
        lines=lines,
        fields=fields,
        start=start,
        header_end=position,
        body_start=blank.end() if blank else position,
        body_end=end,
        default_type=default_type,
    )


def _open(entity: Entity, depth: int, budget: list[int]) -> None:
    boundary = entity.parameters.get("boundary", "")
    if not entity.content_type.startswith("multipart/") or not boundary or depth >= MAX_DEPTH:
        return
    if entity.encoding in ("base64", "quoted-printable"):
        return  # forbidden (RFC 2045, 6.4), and readers disagree on it
    default = "message/rfc822" if entity.content_type == "multipart/digest" else "text/plain"
    for start, end in _split(entity, boundary.encode("latin-1", "replace")):
        if budget[0] <= 0:
            return
        budget[0] -= 1
        part = _read(entity.lines, start, end, default)
        entity.parts.append(part)
        _open(part, depth + 1, budget)


def _split(entity: Entity, boundary: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of each part; the line end before a delimiter belongs to the delimiter (RFC 2046, 5.1.1)."""
    lines, end, mark = entity.lines, entity.body_end, b"--" + boundary
    part_start = -1
    position = lines.find(mark, entity.body_start, end)
    while position >= 0:
        rest = _DELIMITER_REST.match(lines, position + len(mark), end)
        if rest and (position == entity.body_start or lines[position - 1 : position] == b"\n"):
            if part_start >= 0:
                yield part_start, max(part_start, _before_newline(lines, position))
            part_start = rest.end()
            if rest[1]:
                return
        position = lines.find(mark, position + len(mark), end)
    entity.is_open = True
    if part_start >= 0:
        yield part_start, end


def _before_newline(lines: bytes, position: int) -> int:
    if lines[position - 1 : position] == b"\n":
        position -= 1
        if lines[position - 1 : position] == b"\r":
            position -= 1
    return position


def _without_comments(value: str) -> str:
    if "(" not in value:
        return value
    return _COMMENT.sub(lambda match: "" if match[1] else match[0], value)


def _parameters(value: str) -> dict[str, str]:
    """Parameters of a structured field, with continuations and percent-encoding of RFC 2231 put together."""
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, str]]] = {}
    for match in _PARAMETER.finditer(_without_comments(value)):
        name = match[1].lower()
        text = _ESCAPED.sub(r"\1", match[2]) if match[2] is not None else match[3].strip().strip("'")
        base, star, section = name.partition("*")
        if not star:
            plain.setdefault(name, text.strip())
            continue
        if section in ("", "0*"):
            text = text.split("'", 2)[-1]
        if not section or section.endswith("*"):
            text = unquote_to_bytes(text).decode("latin-1")
        number = section.rstrip("*")
        pieces.setdefault(base, []).append((int(number) if number.isdigit() else 0, text))
    for base, parts in pieces.items():
        plain.setdefault(base, "".join(text for _, text in sorted(parts)))
    return plain
