"""The way back: proves that a tracked text differs from its original by addresses and one pixel alone.

Knows nothing of how the change was made. The tracked text is cut at our addresses; what is left has to be in the
original, in order, and what stood between the pieces has to be, read by another HTML parser, what our address leads to.
"""

import re
from collections.abc import Callable

import turbohtml

_PIXEL = re.compile(r'<img[ \r\n]{1,2}src="(https?://[^/"]+/o/[\w-]+)" width="1" height="1" alt="">')
_OURS = re.compile(r"(?:\r\n|\n|\r)?(https?://[^/\s\"'>]+/(?:c/[\w-]+/[\w-]+|[up]/[\w-]+))")


def undo(
    tracked: str, original: str, *, host: str, target: Callable[[str], str], charset: str | None = None
) -> tuple[list[str], int]:
    """Take addresses and pixel out again.

    Args:
        tracked: as it was made.
        original: as it was.
        host: ours.
        target: where one of our addresses leads.
        charset: what an address is in, where both texts are bytes shown as Latin-1.

    Returns:
        (the original spelling of every address that was replaced, how many pixels there were)
    """
    pixels = [match for match in _PIXEL.finditer(tracked) if f"//{host}/" in match[1]]
    for match in reversed(pixels):
        tracked = tracked[: match.start()] + tracked[match.end() :]
    ours = [match for match in _OURS.finditer(tracked) if f"//{host}/" in match[1]]
    ours = [match for match in ours if original.find(match[1]) < 0]  # those that the author wrote are the author's
    written: list[str] = []
    position = start = 0
    for match in ours:
        piece = tracked[start : match.start()]
        assert original.startswith(piece, position), "something else changed before an address"
        position += len(piece)
        raw = _replaced(original, position, tracked[match.end() :])
        address = raw.encode("latin-1").decode(charset) if charset else raw
        assert read_href(address) == target(match[1])
        written.append(address)
        position += len(raw)
        start = match.end()
    assert original[position:] == tracked[start:], "something else changed after the last address"
    return written, len(pixels)


def _replaced(original: str, position: int, rest: str) -> str:
    """What stood in the original where our address stands: up to where a value of its kind ends."""
    quote = original[position - 1]
    if quote in "\"'":
        return original[position : original.index(quote, position)]
    match = re.compile(r"[^\s>]*").match(original, position)
    assert match is not None
    assert original.startswith(rest[:1], match.end())
    return match[0]


def read_href(raw: str) -> str:
    """An attribute's value as a browser reads and cleans it."""
    quote = "'" if '"' in raw else '"'
    anchor = turbohtml.parse(f"<a href={quote}{raw}{quote}>x</a>").find("a")
    assert anchor is not None
    value = anchor.attrs["href"]
    assert isinstance(value, str)
    return value.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None})
