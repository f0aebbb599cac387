"""Which parts of a message a mail program shows as the message itself.

Source: RFC 2046 section 5.1 (mixed, alternative, digest), RFC 2387 (related), RFC 2183 (disposition).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from mailwake.markup.mime import Entity

_NOT_SHOWN = frozenset(("multipart/digest", "multipart/report", "multipart/signed", "multipart/encrypted"))


def shown(entity: Entity) -> Iterator[Entity]:
    """The text leaves that are shown inline, in the order of the message."""
    if entity.disposition == "attachment" or entity.content_type in _NOT_SHOWN:
        return
    if entity.content_type == "multipart/related":
        root = _root(entity)
        if root:
            yield from shown(root)
    elif entity.content_type.startswith("multipart/"):
        for index, part in enumerate(entity.parts):
            # A named text after the first part is a file that somebody attached, whatever its disposition says.
            if not (index and part.is_named and entity.content_type != "multipart/alternative"):
                yield from shown(part)
    elif entity.content_type in ("text/html", "text/plain"):
        yield entity


def _root(related: Entity) -> Entity | None:
    """The part that the others belong to: the one named by `start`, else the first one that can be it."""
    wanted = related.parameters.get("start", "").strip("<> ")
    if wanted:
        for part in related.parts:
            if (part.header("content-id") or "").strip("<> ") == wanted:
                return part
    able = [part for part in related.parts if part.content_type.startswith(("text/html", "multipart/"))]
    return able[0] if able else next(iter(related.parts), None)


def seen_by_all(entity: Entity, able: Collection[int]) -> Entity | None:
    """The part that every reader of HTML gets to see: the last of alternatives, the first of a sequence.

    Args:
        entity: where to look.
        able: identities (`id`) of the parts to choose from.
    """
    if id(entity) in able:
        return entity
    parts = reversed(entity.parts) if entity.content_type == "multipart/alternative" else entity.parts
    for part in parts:
        found = seen_by_all(part, able)
        if found:
            return found
    return None


def prefers_text(entity: Entity) -> bool:
    """Whether its last alternative, which programs prefer, is plain text, and a page stands before it."""
    if entity.content_type != "multipart/alternative":
        return False
    inline = [part for part in entity.parts if part.disposition != "attachment"]
    holds = ["text/html" if any(each.content_type == "text/html" for each in part.walk()) else "" for part in inline]
    kinds = [page or part.content_type for page, part in zip(holds, inline, strict=True)]
    readable = [kind for kind in kinds if kind in ("text/html", "text/plain")]
    return "text/html" in readable and readable[-1] == "text/plain"
