"""Newer address databases from fetched files: read, checked, put in place. Nothing touches the network."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import maxminddb

from mailwake.cli.update_data.ranges import Range, build, read_csv
from mailwake.errors import BadInput
from mailwake.files import replace
from mailwake.origins.databases import Database, choose, country_of, made_on
from mailwake.origins.ranges import FORMAT, AsnTable

#: No published package is larger; a longer file is not read into memory.
MAX_BYTES = 512 * 1024 * 1024
#: The address ranges of the world change hands at about 1 % a month; after this long a list misleads.
MAX_AGE_DAYS = 400
#: Public resolvers of Google and Quad9, announced without a break for over ten years; every list of the world has them.
PROBES = ("8.8.8.8", "9.9.9.9", "2001:4860:4860::8888")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A database ready to be put in place."""

    kind: Database
    content: bytes
    #: the day its content was made
    made: date

    @property
    def file_name(self) -> str:
        """Name to store it under."""
        return self.kind.value


def read_package(path: Path, *, kind: Database | None = None) -> Found:
    """The database in a file: an npm package (.tgz), an MMDB with country, our own ASN table, or ASN lists as CSV.

    Args:
        path: the file; a CSV of IPv4 finds its IPv6 twin beside it by name.
        kind: insist on this one.

    Raises:
        BadInput: nothing usable is in it; the message says what would be.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path} is larger than {MAX_BYTES:,} bytes, so it is none of the known databases")
        found = _read(path)
    except (OSError, tarfile.TarError, EOFError) as fault:
        raise BadInput(f"cannot read {path}: {fault}") from None
    if kind is not None and found.kind is not kind:
        raise BadInput(f"{path} holds {found.kind.name.lower()}, not {kind.name.lower()}")
    return found


def _read(path: Path) -> Found:
    if path.suffixes[-1:] in ([".tgz"], [".gz"]):
        return _from_members(_members(path), made=_version_date(path))
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    if path.suffix == ".csv":
        twin = path.with_name(path.name.replace("ipv4", "ipv6") if "ipv4" in path.name else _other(path.name))
        if twin == path or not twin.is_file():
            raise BadInput(f"{path} needs its twin {_other(path.name)} beside it")
        members = {each.name: each.read_bytes() for each in (path, twin)}
        return _from_members(members, made=modified)
    return _from_members({path.name: path.read_bytes()}, made=modified)


def _other(name: str) -> str:
    return name.replace("ipv6", "ipv4") if "ipv6" in name else name.replace("ipv4", "ipv6")


def _members(path: Path) -> dict[str, bytes]:
    """Files of a package by base name, in memory; links and folders are passed over."""
    members: dict[str, bytes] = {}
    room = MAX_BYTES
    with tarfile.open(path, "r:gz") as archive:
        for each in archive:
            name = Path(each.name).name
            if not each.isfile() or not name.endswith((".mmdb", ".csv", ".bin", "package.json")):
                continue
            room -= each.size
            if room < 0:
                raise BadInput(f"{path} unpacks to more than {MAX_BYTES:,} bytes")
            file = archive.extractfile(each)
            members[name] = file.read() if file else b""
    return members


def _version_date(path: Path) -> date:
    """Versions of this publisher on npm end in the day and hour: 2.3.2026061719."""
    found = re.search(rb'"version"\s*:\s*"[\d.]*?(\d{4})(\d{2})(\d{2})\d{2}"', _members(path).get("package.json", b""))
    if not found:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise BadInput(f"{path}: its version names no day") from None


def _from_members(members: Mapping[str, bytes], *, made: date) -> Found:
    lists = {name: body for name, body in sorted(members.items()) if name.endswith(".csv")}
    four = next((body for name, body in lists.items() if "ipv4" in name), None)
    six = next((body for name, body in lists.items() if "ipv6" in name), None)
    if four and six:
        content = build(_ranges(four), _ranges(six), made=made, source="ip-location-db asn, CC BY 4.0")
        return Found(kind=Database.ASN, content=content, made=made)
    for name, body in sorted(members.items(), key=lambda each: "ipv" in each[0]):
        if name.endswith(".mmdb"):
            return _country(body, name)
        if body.startswith(b"{") and FORMAT.encode() in body[:64]:
            return _table(body, name)
    raise BadInput("found neither a country MMDB nor ASN lists (asn-ipv4.csv and asn-ipv6.csv)")


def _ranges(body: bytes) -> Iterator[Range]:
    return read_csv(io.TextIOWrapper(io.BytesIO(body), "utf-8", "replace"))


def _country(body: bytes, name: str) -> Found:
    try:
        with maxminddb.open_database(io.BytesIO(body), maxminddb.MODE_FD) as reader:
            made = datetime.fromtimestamp(reader.metadata().build_epoch, UTC).date()
            told = [
                country_of(reader.get(probe))
                for probe in PROBES
                if ":" not in probe or reader.metadata().ip_version == 6
            ]
    except (ValueError, maxminddb.InvalidDatabaseError) as fault:
        raise BadInput(f"{name} is no MMDB: {fault}") from None
    if None in told:
        raise BadInput(f"{name} tells no country for well-known addresses; it is damaged or of another kind")
    return Found(kind=Database.COUNTRY, content=body, made=made)


def _table(body: bytes, name: str) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Database.ASN.value
        path.write_bytes(body)
        table = AsnTable(path)
        if not all(table.owner(ip_address(probe).packed) for probe in PROBES):
            raise BadInput(f"{name} tells no owner for well-known addresses; it is damaged")
        return Found(kind=Database.ASN, content=body, made=table.date)


def install(found: Found, folder: Path, *, today: date) -> date | None:
    """Put a database into the data folder, whole or not at all.

    Args:
        folder: `<data>/enrich`; made if missing.
        today: to tell how old the database is.

    Returns:
        The day of the one used until now.

    Raises:
        BadInput: it is older than the one in use, older than 400 days, or from the future.
    """
    before = made_on(found.kind, choose(found.kind, folder))
    name = found.kind.name.lower()
    if found.made > today + timedelta(days=2):
        raise BadInput(f"this {name} database says it was made on {found.made}, which is still to come")
    if found.made < before:
        raise BadInput(f"this {name} database was made on {found.made}; the one in use is newer ({before})")
    if (today - found.made).days > MAX_AGE_DAYS:
        raise BadInput(
            f"this {name} database was made on {found.made}, over {MAX_AGE_DAYS} days ago; fetch a newer one"
        )
    replace(folder / found.file_name, found.content)
    return before
