"""Where the dashboard of an installation is: ``<data>/web.json``, there while it runs.

One process owns the event store's file. Who wants to ask something meanwhile finds that process here.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from mailwake.access.keyform import LOCAL

NAME = "web.json"


class Address(msgspec.Struct, frozen=True):
    """What the file says."""

    #: scheme, host and port, without a slash at the end
    url: str
    #: of the serving process
    pid: int
    #: what commands of this installation show to be let in; it dies with the process
    secret: str = ""

    def __repr__(self) -> str:
        """Without the secret: this stands in faults and logs."""
        return f"Address(url={self.url!r}, pid={self.pid})"


def write(data: Path, address: Address) -> None:
    """Say where the dashboard is; readers see the old file or the new one, never half of it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = data / f"{NAME}.{address.pid}"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(address))
    beside.replace(data / NAME)


def read(data: Path) -> Address | None:
    """Where the dashboard said it is; None: it did not. It may have died since without a word."""
    try:
        return msgspec.json.decode((data / NAME).read_bytes(), type=Address)
    except (OSError, msgspec.DecodeError):
        return None


def remove(data: Path, *, pid: int) -> None:
    """Take the file away if it is this process's."""
    found = read(data)
    if found is not None and found.pid == pid:
        (data / NAME).unlink(missing_ok=True)


def shown(url: str, secret: str) -> dict[str, str]:
    """Headers of a command that asks the dashboard at a URL: that it is from here, and what lets it in."""
    told = {"Accept": "application/json", "Origin": url.rstrip("/")}
    return told | ({"Authorization": f"{LOCAL}{secret}"} if secret else {})
