"""Style sheets and style attributes without anything that loads, runs or reaches out of its place.

A second wall: the page that shows them may load nothing anyway. It is kept simple for that reason. Values that call a
function which is not in a short list lose it, whatever it is, so that what is invented later is not let through.

Source: CSS Syntax 3 (escapes, comments, functions), CSS Cascade 5 (layers).
"""

from __future__ import annotations

import re

#: Of colours, lengths and shadings; none of them takes an address.
_HARMLESS = """
rgb rgba hsl hsla hwb lab lch oklab oklch calc min max clamp linear-gradient radial-gradient not is where nth-child
nth-last-child nth-of-type nth-last-of-type translate translatex translatey scale rotate
"""
#: The at-rules open a bracket with a space before it or without one, and it holds a condition.
_FUNCTIONS = frozenset((*_HARMLESS.split(), "@media", "@supports"))
#: Words after which Chromium and Firefox open a bracket that is no function: conditions of @media and @supports.
_CONDITIONS = frozenset(("", "and", "or", "not", "only", "all", "screen", "print"))
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
#: A name begins where no other letter stands before it, and spaces without one likewise: else each place in a long run
#: would be looked at for as long as the run is.
_CALL = re.compile(r"((?:@|(?<![\w-])(?=[\w-])|(?<![\w\s-])(?=[\s(]))[\w-]*+)(\s*+)\(")
#: At-rules but these two and their kin are dropped: import, font-face, namespace, layer, property and what will come.
_AT_RULE = re.compile(r"@(?!(?ai:media|supports)\b)[\w-]*+[^;{}]*+;?")
#: Would take a box out of the mail's own frame, over marks or in front of everything.
_OUTSIDE = re.compile(r"(?i)\b(position\s*:\s*)(?:fixed|sticky)\b|\b(?:behavior|-moz-binding)\s*:[^;}]*+")
_IMPORTANT = re.compile(r"(?i)!\s*important\b")
_NONE = "none"


def clean_sheet(text: str) -> str:
    """The content of a <style> element, tamed."""
    text = _AT_RULE.sub("", _plain(text).replace("<", ""))
    return _OUTSIDE.sub(_inside, _without_calls(text))


def clean_attribute(text: str) -> str:
    """The value of a style attribute, tamed; it never outdoes our own marks."""
    text = re.sub(r"[@{}<>]", "", _plain(text))
    return _IMPORTANT.sub("", _OUTSIDE.sub(_inside, _without_calls(text)))


def _plain(text: str) -> str:
    """Without comments, escapes and controls, which hide words from those who look for them."""
    return re.sub(r"[\\\0-\x08\x0e-\x1f\x7f]", "", _COMMENT.sub(" ", text))


def _inside(found: re.Match[str]) -> str:
    return f"{found[1]}static" if found[1] else ""


def _without_calls(text: str) -> str:
    """Every call of a function that is not known to be harmless gives way to a word, with what is in its brackets."""
    pieces, position, last = list[str](), 0, text.rfind(")")
    while found := _CALL.search(text, position):
        name = found[1].lower()
        pieces.append(text[position : found.start()])
        if name in _FUNCTIONS or (name in _CONDITIONS and (found[2] or not name)):
            pieces.append(found[0])
            position = found.end()
        else:
            pieces.append(_NONE)
            position = _after(text, found.end(), last)
    pieces.append(text[position:])
    return "".join(pieces)


_BRACKET = re.compile(r"[()]|[;{}]")


def _after(text: str, position: int, last: int) -> int:
    """Behind the bracket that closes; at the end of the declaration where none does.

    An address may hold a semicolon (data:), so a declaration ends in brackets only where none closes any more.
    """
    depth = 1
    for found in _BRACKET.finditer(text, position):
        if found[0] in "()":
            depth += 1 if found[0] == "(" else -1
            if not depth:
                return found.end()
        elif found.start() > last:
            return found.start()
    return len(text)
