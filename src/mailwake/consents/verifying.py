"""The ledger gone through from its first line: what was changed, taken out or put in is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailwake.errors import BadInput
from mailwake.store.consent.chain import EMPTY, Break, breaks
from mailwake.store.consent.rows import ConsentText, Head
from mailwake.store.consent.texts import text_hash
from mailwake.store.state import ConsentEntry, StateStore

#: Findings told one by one.
MOST = 100


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What going through the ledger brought."""

    lines: int
    #: of the last line, as the ledger notes it
    head: str
    breaks: tuple[Break, ...]


def verify(state: StateStore, *, head: str = "") -> Verified:
    """Go through the whole ledger.

    Args:
        state: where it is.
        head: as an earlier `verify` or a proof told it, "NUMBER HASH"; that line has to be there still. Empty: none.

    Raises:
        BadInput: `head` is none.
    """
    kept = _head_of(head)
    texts = {each.id: each for each in state.consent_texts()}
    watch = _Watch(state, kept, texts)
    found = [*breaks(watch.over(), lambda: watch.end), *watch.breaks]
    if kept is not None and kept.number > watch.lines:
        found.append(Break(number=kept.number, what="missing", why="the head that you kept is beyond the ledger's end"))
    found += [_changed_text(each) for each in texts.values() if text_hash(each.text) != each.sha256]
    found += [
        Break(number=0, what="unlike", why=f"what holds of {handle} on {axis} is not what the ledger says")
        for handle, axis in state.unlike_consents(limit=MOST)
    ]
    ordered = sorted(found, key=lambda each: each.number)
    return Verified(lines=watch.lines, head=f"{watch.end.number} {watch.end.hash}", breaks=tuple(ordered[:MOST]))


class _Watch:
    """Looks at lines on their way through `breaks`."""

    def __init__(self, state: StateStore, kept: Head | None, texts: dict[int, ConsentText]) -> None:
        self._state, self._kept, self._texts = state, kept, texts
        self.lines, self.end = 0, EMPTY
        self.breaks: list[Break] = []

    def over(self) -> Iterator[ConsentEntry]:
        """Every line up to the head; what is written meanwhile is gone through too."""
        before = -1
        while before != self.lines:
            before = self.lines
            yield from self._look_at(self._state.ledger(after=self.lines))
            self.end = self._state.consent_head()
            if self.end.number <= self.lines:
                return

    def _look_at(self, entries: Iterable[ConsentEntry]) -> Iterator[ConsentEntry]:
        kept = self._kept
        for entry in entries:
            self.lines = entry.number
            if kept is not None and kept.number == entry.number and kept.hash != entry.hash:
                why = "it is not the line whose head you kept; it or one before it was rewritten"
                self.breaks.append(Break(number=entry.number, what="changed", why=why))
            if entry.text is not None and self._hash(entry.text) != entry.text_sha256:
                why = f"text {entry.text} is not the one that was agreed to, or is gone"
                self.breaks.append(Break(number=entry.number, what="changed", why=why))
            yield entry

    def _hash(self, text: int) -> str | None:
        found = self._texts.get(text)
        return None if found is None else found.sha256


def _changed_text(text: ConsentText) -> Break:
    why = f"text {text.id} ({text.locale}) does not have the hash that it was kept with"
    return Break(number=0, what="changed", why=why)


def _head_of(told: str) -> Head | None:
    if not told.strip():
        return None
    number, _, digest = told.strip().partition(" ")
    if not number.isdecimal() or len(digest.strip()) != len(EMPTY.hash):
        raise BadInput("a head is a number and a hash, as `mailwake consent verify` prints it")
    return replace(EMPTY, number=int(number), hash=digest.strip())
