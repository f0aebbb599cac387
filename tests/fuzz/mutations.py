"""Changes to a text that keep most of its structure: what a reader meets when something is broken or hostile."""

import re
from collections.abc import Sequence

from hypothesis import strategies as st

#: where changes are tried: between words, signs and line ends
_JOINTS = re.compile(rb"\r\n|\n|[A-Za-z0-9]+|[^A-Za-z0-9]")


@st.composite
def mutated(
    draw: st.DrawFn, seeds: st.SearchStrategy[bytes], words: Sequence[bytes], *, most_changes: int = 6
) -> bytes:
    """A seed with pieces dropped, doubled, moved, replaced by words that decide something, or by any bytes.

    Args:
        draw: given by Hypothesis.
        seeds: what to start from.
        words: what matters in this language.
        most_changes: how many changes at most.
    """
    pieces = _JOINTS.findall(draw(seeds))
    for _ in range(draw(st.integers(0, most_changes))):
        place = draw(st.integers(0, len(pieces)))
        length = draw(st.integers(0, 3) | st.integers(0, max(0, len(pieces) - place)))
        change = draw(st.integers(0, 4))
        taken = pieces[place : place + length]
        if change == 0:
            del pieces[place : place + length]
        elif change == 1:
            pieces[place:place] = taken
        elif change == 2:
            del pieces[place : place + length]
            target = draw(st.integers(0, len(pieces)))
            pieces[target:target] = taken
        elif change == 3:
            pieces[place : place + min(length, 1)] = [draw(st.sampled_from(words))]
        else:
            pieces[place : place + min(length, 1)] = [draw(st.binary(max_size=3))]
    return b"".join(pieces)
