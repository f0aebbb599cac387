"""Anchors: hashes of the chain, signed, in a file beside the database and in the log of the process.

Whoever may write to the database could make a whole chain anew. An anchor that left the machine in time, with the lines
that collectors of logs take in, shows it; its signature is made with the installation's keys, which lie elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from mailwake.errors import Unavailable
from mailwake.events import SECOND, Micros
from mailwake.tokens import KeyRing

log = structlog.get_logger(__name__)

NAME = "audit-anchors.jsonl"
_LABEL = "audit anchors"


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file."""

    #: `anchor`, or `cut`: everything up to it was let go of
    kind: str
    #: number of a line of the chain
    number: int
    #: its hash
    hash: str
    #: when the anchor was made, microseconds since 1970
    at: int
    #: slot of the key and HMAC-SHA256, as `1:6b1f…`; empty: nobody knew the keys
    signature: str = ""

    @property
    def day(self) -> str:
        """Of its making, UTC."""
        return f"{datetime.fromtimestamp(self.at / SECOND, UTC):%Y-%m-%d}"


class Anchors:
    """The file of anchors.

    Args:
        path: of the file.
        keys: of the installation; None: they cannot be read here.
    """

    def __init__(self, path: Path, keys: KeyRing | None) -> None:
        self.path, self._keys = path, keys

    @property
    def can_sign(self) -> bool:
        """Whether the keys are known."""
        return self._keys is not None

    def sign(self, kind: str, *, number: int, hash: str, at: Micros) -> Anchor:  # noqa: A002 - the word for it
        """An anchor that is written nowhere yet."""
        made = Anchor(kind=kind, number=number, hash=hash, at=at)
        if self._keys is None:
            return made
        slot = self._keys.newest
        return msgspec.structs.replace(made, signature=f"{slot}:{_mac(self._keys, slot, made)}")

    def put(self, anchor: Anchor) -> None:
        """Write an anchor to the file, for good, and say it.

        Raises:
            Unavailable: the file cannot be written.
        """
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(msgspec.json.encode(anchor) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as fault:
            raise Unavailable(f"cannot write {self.path}: {fault.strerror}") from fault
        log.info("audit.anchored", kind=anchor.kind, number=anchor.number, hash=anchor.hash, signature=anchor.signature)

    def read(self) -> list[Anchor | None]:
        """All anchors, the oldest first; None for a line that is none.

        Raises:
            Unavailable: the file is there and cannot be read.
        """
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as fault:
            raise Unavailable(f"cannot read {self.path}: {fault.strerror}") from fault
        return [_anchor(line) for line in lines]

    def holds(self, anchor: Anchor) -> bool | None:
        """Whether its signature is ours; None: that cannot be said, for it has none or its key is gone."""
        slot, _, mac = anchor.signature.partition(":")
        if self._keys is None or not slot.isdecimal() or int(slot) not in self._keys.slots:
            return None
        return hmac.compare_digest(mac.encode(), _mac(self._keys, int(slot), anchor).encode())


def _anchor(line: bytes) -> Anchor | None:
    try:
        return msgspec.json.decode(line, type=Anchor)
    except msgspec.DecodeError:
        return None


def _mac(keys: KeyRing, slot: int, anchor: Anchor) -> str:
    told = msgspec.json.encode([anchor.kind, anchor.number, anchor.hash, anchor.at])
    return hmac.new(keys.derive(_LABEL, slot=slot), told, hashlib.sha256).hexdigest()
