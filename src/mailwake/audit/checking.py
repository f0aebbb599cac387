"""Checks that the log is what it was: every line against the one before, and the chain against its anchors."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mailwake.audit.anchors import Anchor, Anchors
from mailwake.events import Micros
from mailwake.store.audit import AuditLine, AuditStore, digest
from mailwake.store.audit.rows import GENESIS


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    #: nothing speaks against it
    holds: bool
    #: lines that were read
    lines: int
    #: numbers of the first and the last of them; null: there is none
    first: int | None
    last: int | None
    #: number of the first line that is not what it was; null: every one is
    broken: int | None
    #: what is wrong there, or with the anchors; empty: nothing
    why: str
    #: anchors that the chain was compared with
    anchors: int
    #: of them, whose signature nobody can judge: they have none, or their key is gone
    unsigned: int
    #: hash of the last line, to be compared with one that was noted elsewhere
    head: str


def verify(store: AuditStore, anchors: Anchors) -> Checked:
    """Go through the whole chain.

    Raises:
        Unavailable: the store or the file of anchors cannot be read.
    """
    known = anchors.read()
    number, previous, fault = _start(store, anchors)
    start, first, broken, seen = number, None, None, {number: previous}
    wanted = {anchor.number for anchor in known if anchor is not None}
    for line in store.chain():
        first = first or line.number
        if fault or (fault := _wrong(line, number, previous)):
            broken = line.number if broken is None else broken
            break
        number, previous = line.number, line.hash
        if number in wanted:
            seen[number] = previous
    broken, fault = (broken, fault) if fault else _against(known, anchors, seen, start=start, last=number)
    return Checked(
        holds=not fault,
        lines=number - start,
        first=first,
        last=number if number > start else None,
        broken=broken,
        why=fault,
        anchors=len(known),
        unsigned=sum(anchor is not None and anchors.holds(anchor) is None for anchor in known),
        head=previous,
    )


def _start(store: AuditStore, anchors: Anchors) -> tuple[int, str, str]:
    """What the first line is chained to, and what is wrong with that."""
    cut = store.last_cut()
    if cut is None:
        return 0, GENESIS, ""
    made = Anchor(kind="cut", number=cut.number, hash=cut.hash, at=cut.at, signature=cut.signature)
    wrong = "" if anchors.holds(made) is not False else "lines before it were let go of by nobody who has the keys"
    return cut.number, cut.hash, wrong


def _wrong(line: AuditLine, number: int, previous: str) -> str:
    if line.number != number + 1:
        return f"lines {number + 1} to {line.number - 1} are missing before it"
    if line.previous != previous:
        return "it does not follow from the line before"
    if line.hash != digest(line, number=line.number, previous=previous):
        return "it was changed after it was written"
    return ""


def _against(
    known: Iterable[Anchor | None], anchors: Anchors, seen: dict[int, str], *, start: int, last: int
) -> tuple[int | None, str]:
    """The number and the words of the first anchor that speaks against the chain."""
    for place, anchor in enumerate(known, 1):
        if anchor is None or anchors.holds(anchor) is False:
            return None, f"line {place} of {anchors.path.name} is not as it was signed"
        if anchor.number > last:
            return last + 1, f"lines {last + 1} to {anchor.number} are missing; they were anchored on {anchor.day}"
        if anchor.number >= start and seen[anchor.number] != anchor.hash:
            return anchor.number, f"it is not the line that was anchored on {anchor.day}"
    return None, ""


def anchor_now(store: AuditStore, anchors: Anchors, *, now: Micros) -> Anchor | None:
    """Write an anchor of the newest line; None: there is none, or it has one."""
    line, known = store.last_line(), [each for each in anchors.read() if each is not None]
    if line is None or (known and known[-1].number >= line.number):
        return None
    made = anchors.sign("anchor", number=line.number, hash=line.hash, at=now)
    anchors.put(made)
    return made
