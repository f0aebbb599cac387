"""The file that tells the edge whose readers go elsewhere: ``<data>/detours.json``, beside the set of who withdrew.

Three lines::

    mailwake detours 1
    <HMAC-SHA256 of the third line, in hexadecimal digits>
    {"written_at": <microseconds>, "detours": [{"template": 7, "number": 3, "target": "", "to": "https://…"}, …]}

A detour is found by the place of the link (template and number), or by its target: the first 32 hexadecimal digits of
the target's SHA-256, with template and number 0. An empty ``to`` is the notice that the link was taken away. The file
is replaced as a whole and its time only moves on, so that an old one cannot be put back unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mailwake.detours.signing import Seal, is_same
from mailwake.errors import Unavailable, Unreadable
from mailwake.files import replace

FILE = "detours.json"
_MAGIC = b"mailwake detours 1"
#: more than a hundred thousand detours; nobody decides on so many
MOST_BYTES = 32_000_000


class Detour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One link, and where its readers go."""

    #: 0: found by its target
    template: int = 0
    number: int = 0
    #: see `digest`; empty: found by its place
    target: str = ""
    #: an http or https address; empty: the notice
    to: str


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file says."""

    #: microseconds since 1970
    written_at: int
    detours: tuple[Detour, ...]


def digest(target: str) -> str:
    """What stands for a target in the file."""
    return hashlib.sha256(target.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def pack(detours: Iterable[Detour], seal: Seal, *, written_at: int) -> bytes:
    """The content of the file."""
    body = msgspec.json.encode(Told(written_at=written_at, detours=tuple(detours)))
    return b"\n".join((_MAGIC, seal.of_file(body).encode("ascii"), body, b""))


def unpack(raw: bytes, seal: Seal) -> Told:
    """What a file says.

    Raises:
        Unreadable: nobody with the keys of this installation wrote it so.
    """
    lines = raw.split(b"\n")
    if len(raw) > MOST_BYTES or len(lines) != 4 or lines[0] != _MAGIC or lines[3]:
        raise Unreadable("it is no file of detours of this version")
    if not is_same(lines[1].decode("ascii", "replace"), seal.of_file(lines[2])):
        raise Unreadable("its seal does not hold")
    try:
        return msgspec.json.decode(lines[2], type=Told)
    except msgspec.DecodeError:
        raise Unreadable("it was sealed and cannot be read") from None


def replace_file(path: Path, content: bytes) -> None:
    """Put the file in place, durable and as a whole.

    Raises:
        Unavailable: it cannot be written; the edge knows nothing of what was decided.
    """
    try:
        replace(path, content)
    except OSError as fault:
        raise Unavailable(f"cannot write {path}: {fault.strerror}; readers are not sent elsewhere") from fault
