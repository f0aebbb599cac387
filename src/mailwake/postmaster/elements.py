"""XML from strangers, read without ever keeping a tree: what stands at the end of each path, record by record.

A document type is refused where it begins, so no entity is ever declared: nothing expands, and nothing is fetched
(CWE-776, CWE-611). Depth and text are bounded; time and memory grow with the size, which the caller bounds. Expat,
which Python carries, does that by its handlers, so that no further package is needed (decision 0056).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from mailwake.errors import Unreadable

#: Reports have six levels.
MAX_DEPTH = 16
#: Of one element; no name, address or number is longer.
MAX_TEXT = 2_048
#: Path below the root to text. Where an element stands several times, the first holds.
Fields = dict[str, str]


@dataclass(kw_only=True)
class _Reader:
    record: str
    each: Callable[[Fields], None]
    root: str = ""
    path: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    length: int = 0
    #: outside of records
    head: Fields = field(default_factory=dict)
    #: of the record that is being read
    fields: Fields | None = None

    def start(self, name: str, _attributes: object) -> None:
        self.path.append(name.rpartition(":")[2])
        if len(self.path) > MAX_DEPTH:
            raise Unreadable("its XML is nested beyond reason")
        if len(self.path) == 1:
            self.root = self.path[0]
        elif len(self.path) == 2 and self.path[1] == self.record:
            self.fields = {}
        self.text, self.length = [], 0

    def data(self, text: str) -> None:
        self.length += len(text)
        if self.length <= MAX_TEXT:
            self.text.append(text)

    def end(self, _name: str) -> None:
        into = self.head if self.fields is None else self.fields
        told = "".join(self.text).strip()
        if told:
            into.setdefault("/".join(self.path[1 if self.fields is None else 2 :]), told)
        if self.fields is not None and len(self.path) == 2:
            self.each(self.fields)
            self.fields = None
        self.path.pop()
        self.text, self.length = [], 0


def read(raw: bytes, *, root: str, record: str, each: Callable[[Fields], None]) -> Fields:
    """Read a document, record by record.

    Args:
        raw: the document, in any encoding that it names; one that names a wrong one is read as Latin-1.
        root: what it has to be, without namespace.
        record: name of the elements right below the root that repeat.
        each: takes the fields of one.

    Returns:
        What stands outside of records.

    Raises:
        Unreadable: it is no such document, is broken, or has a document type. Some records may have been taken.
    """
    reader = _Reader(record=record, each=each)
    raw = raw.lstrip(b" \t\r\n")  # before the declaration, where some put an empty line
    parser = expat.ParserCreate(_encoding(raw))
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.data
    parser.EndElementHandler = reader.end
    try:
        for part in _parts(raw):
            parser.Parse(part, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as fault:
        raise Unreadable(f"its XML is broken: {fault}") from fault
    if reader.root != root:
        raise Unreadable(f"it is no {root}")
    return reader.head


def _refuse(*_told: object) -> None:
    raise Unreadable("its XML declares a document type, which reports do not")


def _parts(raw: bytes, size: int = 65_536) -> Iterator[bytes]:
    """In pieces, so that a refusal at the beginning costs nothing.

    Each is as long as all before: what has not ended yet is read anew with every piece, by some versions of expat.
    """
    start = 0
    while start < len(raw):
        yield raw[start : start + max(size, start)]
        start += max(size, start)


def _encoding(raw: bytes) -> str | None:
    """What to read it as, in spite of what it says; None: as it says."""
    if b"\0" in raw[:64]:
        return None
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return None if b"encoding=" in raw[:200] and b"utf-8" not in raw[:200].lower() else "iso-8859-1"
    return "utf-8"
