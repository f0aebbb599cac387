"""A campaign as one file that can be read and checked for ever: data, definitions, rules, counts, a signature.

The same data give the same bytes: entries in a fixed order with a fixed date, stored as they are, and nothing in it
says when or by whom it was made. Nobody can be told by it: copies and recipients are numbered anew, in order of their
first event, and no address, no domain, no words of other servers and no network are in it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailwake.drawing.rows import safe_cell
from mailwake.errors import Unavailable
from mailwake.exports.counting import Counted, counted, tally_of
from mailwake.exports.reading import event_batches, may_leave
from mailwake.insight.cells import counters
from mailwake.insight.metrics import metrics
from mailwake.insight.stores import Stores
from mailwake.store.state import Campaign
from mailwake.tokens import KeyRing, encode

FORMAT = "mailwake-pack/1"
MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public.key"
EVENTS, LINKS, COUNTERS, METRICS = "data/events.csv", "data/links.csv", "data/counters.csv", "definitions.json"
RULESETS = "rulesets/"
KEY_LABEL = "pack signature"
#: those of an event that tell nothing of a person, in the order of the file
COLUMNS = (
    "id", "type", "happened_at", "received_at", "source", "template", "delivery", "recipient", "link", "role", "note",
    "modes", "links", "stream", "network_kind", "country", "agent", "agent_kind", "client", "device", "p_human",
    "klass", "ruleset",
)  # fmt: skip
_RENAMED = ("delivery", "recipient", "agent")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def signing_key(keys: KeyRing) -> Ed25519PrivateKey:
    """The installation's own key for packs; rotation of the master keys changes nothing about it."""
    return Ed25519PrivateKey.from_private_bytes(keys.derive(KEY_LABEL))


def public_text(key: Ed25519PrivateKey) -> str:
    """What others check a pack with, as they are told it."""
    return encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


@dataclass(frozen=True, kw_only=True)
class Maker:
    """What an installation makes packs with."""

    #: signs them
    key: Ed25519PrivateKey = field(repr=False)
    #: the file of a ruleset by its id; None: it is not kept any more
    rules: Callable[[str], bytes | None]


def make_pack(stores: Stores, campaign: Campaign, path: Path, maker: Maker) -> dict[str, Any]:
    """Write a pack.

    Args:
        stores: where the campaign is.
        campaign: which.
        path: of the file.
        maker: what it is made with.

    Returns:
        What the manifest says.

    Raises:
        Unavailable: the campaign changes faster than it can be read.
    """
    files: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        left_out = [0]
        used: set[str] = set()
        _put(archive, files, EVENTS, _table(COLUMNS, _renumbered(_kept(stores, campaign, left_out), used)))
        _put(archive, files, LINKS, _links(stores, campaign))
        _put(archive, files, COUNTERS, _counters(stores, campaign))
        _put(archive, files, METRICS, [definitions_text()])
        for ruleset in sorted(used):
            text = maker.rules(ruleset)
            if text is not None:
                _put(archive, files, f"{RULESETS}{ruleset}.toml", [text])
        with archive.open(EVENTS) as file:
            told = counted(file)
        if not left_out[0]:
            _compare(stores, campaign, told)
        manifest = {
            "format": FORMAT,
            "campaign": {
                "name": campaign.name,
                "stream": campaign.stream,
                "subjects": list(dict.fromkeys(each.subject for each in stores.state.templates(campaign.id))),
            },
            "counts": {"events": told.events, "left_out_by_consent": left_out[0], "tally": told.tally},
            "headline": told.rates,
            "rulesets": sorted(used),
            "files": files,
        }
        _sign(archive, manifest, maker.key)
    return manifest


def _kept(stores: Stores, campaign: Campaign, left_out: list[int]) -> Iterator[dict[str, Any]]:
    """The events that consent lets out; counts the others."""
    silent = frozenset(stores.state.inert())
    for batch in event_batches(stores, campaign.id):
        for row in batch:
            if may_leave(row, silent):
                yield row
            else:
                left_out[0] += 1


def definitions_text() -> bytes:
    """What every metric means, in one spelling."""
    return _json({name: asdict(metric) for name, metric in metrics().items()})


def _compare(stores: Stores, campaign: Campaign, told: Counted) -> None:
    """The pages show the same, unless something came in while we read."""
    if tally_of(stores.events, campaign.id) != told.tally:
        raise Unavailable("the campaign changed while it was read; try again", retry_after_seconds=10)


def _renumbered(rows: Iterable[Mapping[str, Any]], used: set[str]) -> Iterator[list[Any]]:
    """Rows whose copies, recipients and programs have numbers that mean nothing elsewhere; notes their rulesets."""
    known: dict[str, dict[int, int]] = {name: {} for name in _RENAMED}
    for row in rows:
        if row["ruleset"]:
            used.add(row["ruleset"])
        yield [
            known[name].setdefault(row[name], len(known[name]) + 1)
            if name in known and row[name] is not None
            else row[name]
            for name in COLUMNS
        ]


def _links(stores: Stores, campaign: Campaign) -> Iterator[bytes]:
    names = ("template", "number", "role", "tracked", "label", "href")
    return _table(names, ([getattr(link, name) for name in names] for link in stores.state.links(campaign.id)))


def _counters(stores: Stores, campaign: Campaign) -> Iterator[bytes]:
    names = ("template", "link", "type", "n")
    rows = counters(stores.events, campaign.id).rows
    return _table(names, ([row[name] for name in names] for row in rows))


def _table(names: Iterable[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    """CSV whose cells come back as they were: for programs, and a spreadsheet finds no formula either."""
    yield from _written([list(names)])
    part: list[list[Any]] = []
    for row in rows:
        part.append([_cell(value) for value in row])
        if len(part) == 5_000:
            yield from _written(part)
            part = []
    yield from _written(part)


def _cell(value: Any) -> str:  # noqa: ANN401 - a cell of any column
    if value is None:
        return ""
    return safe_cell(value) if isinstance(value, str) else repr(value)


def _written(rows: list[list[Any]]) -> Iterator[bytes]:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    yield text.getvalue().encode("utf-8", "replace")


def _json(told: object) -> bytes:
    """One spelling for the same content."""
    return json.dumps(told, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o600 << 16
    entry.create_system = 3
    return entry


def _put(archive: zipfile.ZipFile, files: dict[str, dict[str, Any]], name: str, parts: Iterable[bytes]) -> None:
    digest, size = hashlib.sha256(), 0
    with archive.open(_entry(name), "w", force_zip64=True) as file:
        for part in parts:
            digest.update(part)
            size += len(part)
            file.write(part)
    files[name] = {"sha256": digest.hexdigest(), "bytes": size}


def _sign(archive: zipfile.ZipFile, manifest: Mapping[str, Any], key: Ed25519PrivateKey) -> None:
    text = _json(manifest)
    archive.writestr(_entry(MANIFEST), text)
    archive.writestr(_entry(SIGNATURE), encode(key.sign(text)) + "\n")
    archive.writestr(_entry(PUBLIC_KEY), public_text(key) + "\n")
