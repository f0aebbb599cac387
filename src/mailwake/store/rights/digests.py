"""What tells an erased address again and nothing else: HMAC-SHA256 under a key that lies beside the store.

Without the file the hashes in the store are worth nothing; with it one can only ask about an address that one has.
Source: RFC 2104.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from mailwake.errors import Unavailable

NAME = "erased.key"
_BYTES = 32


def digest(key: bytes, address_key: str) -> str:
    """The keyed hash of an address.

    Args:
        key: of `key_beside` or `make_key`.
        address_key: as `mailwake.store.state.address_key` makes it.

    Returns:
        64 hexadecimal digits.
    """
    return hmac.new(key, address_key.encode(), hashlib.sha256).hexdigest()


def key_beside(folder: Path) -> bytes:
    """The key that lies in the data folder.

    Raises:
        Unavailable: it is not there, so nobody can say who was erased.
    """
    try:
        key = (folder / NAME).read_bytes()
    except OSError:
        key = b""
    if len(key) != _BYTES:
        raise Unavailable(
            f"{folder / NAME} is missing or damaged, so nobody can tell whose address was erased and must not be "
            "mailed; put it back from where you keep your keys"
        )
    return key


def make_key(folder: Path) -> bytes:
    """The same, made where there is none yet."""
    path, part = folder / NAME, folder / f"{NAME}.{os.getpid()}"
    if not path.exists():
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)  # whoever was first has made it for all
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return key_beside(folder)
