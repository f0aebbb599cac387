"""Whether a pack is whole, of whom it says it is, and comes to the figures it claims.

A pack comes from anybody. Nothing in it is read before the signature holds: the names and sizes of its entries, the
manifest, the signature over it; then each file by its hash; and only then the data. Nothing is ever unpacked to a place
that the pack names, and compressed entries are refused: ours are stored, so that nothing can grow.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mailwake.errors import BadInput, Untrusted
from mailwake.exports.counting import Counted, counted
from mailwake.exports.pack import (
    COUNTERS,
    EVENTS,
    FORMAT,
    LINKS,
    MANIFEST,
    METRICS,
    PUBLIC_KEY,
    RULESETS,
    SIGNATURE,
    definitions_text,
)
from mailwake.tokens import decode

#: no manifest of ours is near this
_SMALL = 4 << 20
#: of one campaign: half a thousand million events
_MOST_BYTES = 64 << 30
_MOST_ENTRIES = 500
_RULESET = re.compile(re.escape(RULESETS) + r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}\.toml")
_FIXED = frozenset((EVENTS, LINKS, COUNTERS, METRICS))
_PARTS = frozenset((MANIFEST, SIGNATURE, PUBLIC_KEY))


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A figure that the data do not come to."""

    #: metric, or count
    name: str
    #: what the manifest says, and what the data say
    claimed: Any
    found: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A pack whose signature and hashes hold."""

    campaign: str
    events: int
    files: int
    #: headline metrics and counts that were computed again
    checked: int
    differences: tuple[Difference, ...]
    rulesets: tuple[str, ...]
    #: True: the figures were computed by the definitions that the pack holds
    same_definitions: bool


def public_key_of(text: str) -> Ed25519PublicKey:
    """A public key as `mailwake export --public-key` prints it.

    Raises:
        BadInput: it is none.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(decode(text.strip()))
    except (Untrusted, ValueError):
        raise BadInput(
            "this is no public key; `mailwake export --public-key` prints one where a pack is made"
        ) from None


def verify(path: Path, key: Ed25519PublicKey) -> Verified:
    """Check a pack, and count again what it claims.

    Args:
        path: the file.
        key: of the installation that it should be of, told by another way than the pack.

    Raises:
        BadInput: it is no pack, damaged, forged, or holds what no pack holds.
    """
    with _opened(path) as archive:
        manifest = _manifest(archive, key)
        for name, told in manifest["files"].items():
            _check_file(archive, name, told)
        with archive.open(EVENTS) as file:
            found = counted(file)
        definitions = archive.read(METRICS)
    return _verified(manifest, found, definitions)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive)
            yield archive
    except (KeyError, TypeError, AttributeError, ValueError):
        raise BadInput(f"{path}: what its manifest says cannot be read") from None
    # zipfile raises NotImplementedError where a file is packed in a way it does not know
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as fault:
        raise BadInput(f"{path} cannot be read as a pack: {fault}") from None


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > _MOST_ENTRIES or len(set(names)) != len(names):
        raise BadInput("the pack has too many entries, or one twice; ours have each once")
    for entry in entries:
        if entry.filename not in _PARTS | _FIXED and not _RULESET.fullmatch(entry.filename):
            raise BadInput(f"the pack holds {entry.filename[:80]!r}, which no pack of ours holds")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise BadInput(f"{entry.filename} is compressed; a pack of ours stores its files as they are")
        if entry.flag_bits & 1:
            raise BadInput(f"{entry.filename} is encrypted; a pack of ours is not")
    if sum(entry.file_size for entry in entries) > _MOST_BYTES:
        raise BadInput("the pack is larger than any of ours")
    missing = (_PARTS | _FIXED) - set(names)
    if missing:
        raise BadInput(f"the pack lacks {', '.join(sorted(missing))}")


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _SMALL:
        raise BadInput(f"{name} is larger than any of ours")
    return archive.read(name)


def _manifest(archive: zipfile.ZipFile, key: Ed25519PublicKey) -> dict[str, Any]:
    text = _small(archive, MANIFEST)
    try:
        key.verify(decode(_small(archive, SIGNATURE).decode("ascii", "replace").strip()), text)
    except (InvalidSignature, Untrusted):
        raise BadInput(
            "the signature does not hold: the pack was changed, or is not of the owner of this key"
        ) from None
    manifest: dict[str, Any] = json.loads(text)
    if manifest.get("format") != FORMAT:
        raise BadInput(f"the pack is in the format {manifest.get('format')!r}; this Mailwake reads {FORMAT}")
    if {*manifest["files"], *_PARTS} != set(archive.namelist()):
        raise BadInput("the files of the pack are not those that its manifest names")
    return manifest


def _check_file(archive: zipfile.ZipFile, name: str, told: dict[str, Any]) -> None:
    digest = hashlib.sha256()
    with archive.open(name) as file:
        while part := file.read(1 << 20):
            digest.update(part)
    if digest.hexdigest() != told["sha256"]:
        raise BadInput(f"{name} is not what was signed: its hash is another")


def _verified(manifest: dict[str, Any], found: Counted, definitions: bytes) -> Verified:
    pairs: dict[str, tuple[Any, Any]] = {"events": (manifest["counts"]["events"], found.events)}
    claimed = manifest["counts"]["tally"]
    pairs |= {f"tally.{name}": (claimed.get(name), told) for name, told in found.tally.items()}
    by_metric = {rate["metric"]: rate for rate in found.rates}
    pairs |= {rate["metric"]: (rate, by_metric.get(rate["metric"])) for rate in manifest["headline"]}
    return Verified(
        campaign=manifest["campaign"]["name"],
        events=found.events,
        files=len(manifest["files"]),
        checked=len(pairs),
        differences=tuple(
            Difference(name=name, claimed=said, found=told) for name, (said, told) in pairs.items() if said != told
        ),
        rulesets=tuple(manifest["rulesets"]),
        same_definitions=definitions == definitions_text(),
    )
