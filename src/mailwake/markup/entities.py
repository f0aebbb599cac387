"""Character references in attribute values, decoded once and by the rules for attributes.

`html.unescape` follows the rules for text, where ``&copy=`` is a copyright sign; in an attribute it is not, and most
query strings are full of such names.

Source: WHATWG HTML 13.2.5.73 (named character reference state) and 13.2.5.80 (numeric character reference end state).
"""

from __future__ import annotations

import html
import re
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#(?:[xX][0-9a-fA-F]++|[0-9]++);?+|[A-Za-z][A-Za-z0-9]*+;?+)")


def decode_attribute(text: str) -> str:
    """The value behind an attribute as written.

    Args:
        text: between the quotes, or the unquoted value.
    """
    if "&" not in text:
        return text
    return _REFERENCE.sub(_replace, text)


#: Digits of the largest code point, in either base; what is longer, leading zeros apart, is none.
_MAX_DIGITS = 7


def _numeric(written: str) -> str:
    base, digits = ("&#x", written[3:]) if written[2] in "xX" else ("&#", written[2:])
    digits = digits.rstrip(";").lstrip("0") or "0"
    return html.unescape(f"{base}{digits};") if len(digits) <= _MAX_DIGITS else "\ufffd"


def _replace(match: re.Match[str]) -> str:
    written = match[0]
    if written[1] == "#":
        return _numeric(written)
    name = written[1:]
    if name.endswith(";"):
        return html5.get(name, written)
    # Old names without a semicolon count, but not in front of "="; in front of a letter or digit they never match.
    return written if match.string[match.end() : match.end() + 1] == "=" else html5.get(name, written)
