"""How lines of the ledger are bound to each other, so that none is changed, taken out or put in unseen.

A line's hash is SHA-256 over the hash of the line before and its own canonical bytes: a JSON array of its columns in a
fixed order, UTF-8, without spaces. What is recomputed differently was changed; whose predecessor is another was moved,
or has lost or gained a neighbour. The head stands in `meta`, so that lines missing at the end are seen too; whoever can
write both can forge both, so keep a head elsewhere now and then (`mailwake consent verify --head`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from mailwake.store.consent.rows import ConsentEntry, Head

#: Stands in every line's bytes, so that lines of another layout can be told apart for ever.
LAYOUT = "mailwake-consent-1"
#: What stands before the first line.
GENESIS = "0" * 64
EMPTY = Head(number=0, hash=GENESIS)


def canonical(entry: ConsentEntry) -> bytes:
    """The bytes of a line that its hash is over."""
    said = (entry.number, entry.handle, str(entry.axis), str(entry.state), entry.at, entry.noted_at)
    shown = (entry.source, entry.method, entry.text, entry.text_sha256, entry.locale)
    return msgspec.json.encode([LAYOUT, *said, *shown, entry.actor, entry.url, entry.proof])


def hash_of(entry: ConsentEntry) -> str:
    """What a line's hash has to be, by the hash before it that it names; hex."""
    return hashlib.sha256(entry.previous.encode() + b"\n" + canonical(entry)).hexdigest()


def linked(entries: Iterable[ConsentEntry], head: Head) -> Iterator[ConsentEntry]:
    """Lines ready to be written behind a head."""
    for entry in entries:
        bound = replace(entry, number=head.number + 1, previous=head.hash)
        head = Head(number=bound.number, hash=hash_of(bound))
        yield replace(bound, hash=head.hash)


@dataclass(frozen=True, kw_only=True)
class Break:
    """Where the chain does not hold."""

    #: of the line that is named
    number: int
    #: changed, inserted, missing, or unlike: what holds is not what the ledger says
    what: str
    #: in words
    why: str


def breaks(entries: Iterable[ConsentEntry], head: Callable[[], Head]) -> Iterator[Break]:
    """Everything that is wrong with a chain, in its order.

    Args:
        entries: the whole ledger, by number.
        head: gives what the end has to be; asked when the lines are over.
    """
    before, good = EMPTY, EMPTY
    for entry in entries:
        end = Head(number=entry.number, hash=entry.hash)
        if hash_of(entry) != entry.hash:
            yield Break(number=entry.number, what="changed", why="its bytes are not those that were sealed")
        if entry.previous != before.hash:
            if entry.previous == good.hash:
                yield Break(number=before.number, what="inserted", why=f"line {entry.number} was sealed without it")
            else:
                yield Break(number=entry.number, what="missing", why=_gap(before, entry))
        good, before = before, end
    if before != (end := head()):
        yield _end(before, end)


def _gap(before: Head, entry: ConsentEntry) -> str:
    if before.number + 1 < entry.number:
        lost = entry.number - before.number - 1
        which = f"line {before.number + 1}" if lost == 1 else f"lines {before.number + 1} to {entry.number - 1}"
        return f"{which} before it must have been taken out"
    return f"it was not sealed behind line {before.number}; something between them was taken out or replaced"


def _end(last: Head, head: Head) -> Break:
    if last.number < head.number:
        why = f"the ledger ends with line {last.number}, and once had {head.number}"
        return Break(number=last.number + 1, what="missing", why=why)
    return Break(
        number=last.number, what="inserted", why="the ledger's end is not the one that was noted when it was written"
    )
