"""Places in a list, as programs carry them from one page to the next.

A cursor names the last line that was seen by what the list is sorted by, so that lines that come in meanwhile neither
repeat nor hide another one. It says which list it is of, filters included, and is of use in no other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from struct import Struct

from mailwake.errors import BadInput

_LIST_BYTES = 8
#: no list is sorted by more than this many numbers
_MOST = 4
MAX_CHARS = 64


def make_cursor(of_list: str, *place: int) -> str:
    """The place of a line.

    Args:
        of_list: which list, with whatever narrows it.
        place: what the line is sorted by, 64-bit numbers.
    """
    raw = Struct(f">{len(place)}q").pack(*place)
    return base64.urlsafe_b64encode(_mark(of_list, raw) + raw).rstrip(b"=").decode()


def read_cursor(of_list: str, text: str, count: int) -> tuple[int, ...]:
    """The place that a cursor names.

    Args:
        of_list: as it was made with.
        text: what came in.
        count: how many numbers the list is sorted by.

    Raises:
        BadInput: it is no cursor of this list.
    """
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        whole = b""
    mark, raw = whole[:_LIST_BYTES], whole[_LIST_BYTES:]
    is_ours = len(text) <= MAX_CHARS and count <= _MOST and len(raw) == 8 * count and mark == _mark(of_list, raw)
    if not is_ours:
        raise BadInput("the cursor is not one of this list with these filters; begin again without one")
    return Struct(f">{count}q").unpack(raw)


def _mark(of_list: str, raw: bytes) -> bytes:
    return hashlib.blake2b(of_list.encode("utf-8", "replace") + b"\0" + raw, digest_size=_LIST_BYTES).digest()
