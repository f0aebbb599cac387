"""When several recipients leave at once: which presses of the button belong together. Pure; knows no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mailwake.events import SECOND, Handle
from mailwake.store.state import Unsubscribe

#: So many recipients of one domain, from one network, within so long: colleagues do not leave like that, a gateway that
#: checks the mail of all of them does.
ENOUGH = 3
WINDOW = 60 * SECOND


def bursts(rows: Sequence[Unsubscribe]) -> list[list[Unsubscribe]]:
    """The bursts among these; what follows on another within `WINDOW` is the same burst going on.

    Args:
        rows: presses of the button for one recipient domain from one network, oldest first.

    Returns:
        Each burst oldest first: everything that lies in a window with `ENOUGH` recipients or more.
    """
    found: list[list[Unsubscribe]] = []
    for row in _crowded(rows):
        if found and row.at - found[-1][-1].at <= WINDOW:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _crowded(rows: Sequence[Unsubscribe]) -> list[Unsubscribe]:
    """All that lie in some window with enough recipients, by one walk with two ends."""
    crowded: list[Unsubscribe] = []
    here: Counter[Handle] = Counter()
    start = taken = 0
    for end, row in enumerate(rows):
        here[row.handle] += 1
        while row.at - rows[start].at > WINDOW:
            here[rows[start].handle] -= 1
            here += Counter()  # forgets who is not in the window any more
            start += 1
        if len(here) >= ENOUGH:
            crowded += rows[max(start, taken) : end + 1]
            taken = end + 1
    return crowded
