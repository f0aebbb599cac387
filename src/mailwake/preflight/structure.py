"""Parts that readers cannot find: boundaries that are missing or that no line begins with, parts that never end.

Source: RFC 2046 section 5.1.1 (boundary, delimiter, close-delimiter).
"""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.compose.shown import prefers_text
from mailwake.markup.mime import MAX_DEPTH, Entity
from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.mail import Mail


def check_structure(mail: Mail) -> Iterator[Finding]:
    """Parts of parts, each fault reported once, where it is first."""
    told: set[str] = set()
    for entity, depth in _multiparts(mail.message, 0):
        for found in _check(mail, entity, depth):
            if found.code not in told:
                told.add(found.code)
                yield found


def _multiparts(entity: Entity | None, depth: int) -> Iterator[tuple[Entity, int]]:
    """(what holds parts, or says that it does; in how many others it is), in order."""
    if entity is None or not entity.content_type.startswith("multipart/"):
        return
    yield entity, depth
    for part in entity.parts:
        yield from _multiparts(part, depth + 1)


def _check(mail: Mail, entity: Entity, depth: int) -> Iterator[Finding]:
    boundary, line = entity.parameters.get("boundary", ""), mail.line(entity.start)
    if depth == 0:
        line = mail.line_of("content-type")
    if prefers_text(entity):
        yield finding("alternative_order", line, entity.header("content-type") or "")
    if entity.encoding in ("base64", "quoted-printable"):
        yield finding("multipart_encoded", line, entity.encoding, encoding=entity.encoding)
    elif not boundary:
        yield finding("boundary_missing", line, entity.header("content-type") or "")
    elif entity.is_open and not entity.parts:
        yield finding("boundary_unused", line, entity.header("content-type") or "", boundary=boundary)
    elif entity.is_open:
        yield finding("boundary_open", line, entity.header("content-type") or "", boundary=boundary)
    elif depth >= MAX_DEPTH:
        yield finding("nested_deep", line, depth=str(MAX_DEPTH))
