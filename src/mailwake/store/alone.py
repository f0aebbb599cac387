"""One process at a time, by a lock on a file of the data folder: whoever dies lets go of it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailwake.errors import Unavailable


@contextmanager
def alone(lock: Path, what: str) -> Iterator[None]:
    """Be the only one of an installation that does something.

    Args:
        lock: file to hold, made where there is none.
        what: another process does, in words.

    Raises:
        Unavailable: another process does it.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Unavailable(f"another process of this installation {what} just now; try again") from None
    finally:
        os.close(handle)
