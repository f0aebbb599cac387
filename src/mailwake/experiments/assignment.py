"""Who gets which variant: a keyed hash, so that it can be told again at any time and nobody has to remember it.

The key is the experiment's own. A recipient's places in two experiments have nothing to do with each other, and a
resumed or repeated mailing never changes anybody's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import accumulate

from mailwake.events import Handle

_RANGE = 1 << 64


def assigned(salt: bytes, handle: Handle, *, weights: Sequence[float], share: float) -> int | None:
    """The number of the recipient's variant, from 0; None: they wait for the winner.

    Args:
        salt: the experiment's key, up to 64 bytes.
        handle: who.
        weights: of the variants, above 0, in any scale.
        share: of all recipients that is tested, above 0 to 1.
    """
    digest = hashlib.blake2b(handle.to_bytes(8), key=salt, digest_size=16, person=b"mailwake exper").digest()
    place, turn = int.from_bytes(digest[:8]) / _RANGE, int.from_bytes(digest[8:]) / _RANGE
    if place >= share:
        return None
    ends = list(accumulate(weights))
    return next((number for number, end in enumerate(ends) if turn * ends[-1] < end), len(ends) - 1)
