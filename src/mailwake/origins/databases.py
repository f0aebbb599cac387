"""Which address database is in use: named in the settings, installed in the data folder, or in the package."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

import maxminddb

from mailwake.errors import BadInput
from mailwake.origins.ranges import AsnTable

#: The databases that came with the package.
SHIPPED = Path(__file__).parents[1] / "data"


class Database(StrEnum):
    """What an address can be looked up in; the value is the file's name in package and data folder."""

    COUNTRY = "country.mmdb"
    ASN = "asn.bin"


def choose(kind: Database, folder: Path | None) -> Path:
    """The installed file if there is one, else the one in the package."""
    installed = folder / kind.value if folder else None
    return installed if installed and installed.is_file() else SHIPPED / kind.value


def made_on(kind: Database, path: Path) -> date:
    """The day a database file's content was made.

    Raises:
        BadInput: the file is damaged or of another kind.
    """
    if kind is Database.ASN:
        return AsnTable(path).date
    with open_mmdb(path) as reader:
        return datetime.fromtimestamp(reader.metadata().build_epoch, UTC).date()


def open_mmdb(path: Path, option: str = "") -> maxminddb.Reader:
    """An MMDB, memory-mapped.

    Raises:
        BadInput: it is not there or no MMDB; the message names the option that asked for it.
    """
    try:
        return maxminddb.open_database(path)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as fault:
        prefix = f"{option}: " if option else ""
        raise BadInput(f"{prefix}{path} cannot be read as MMDB: {fault}") from None


def country_of(record: object) -> str | None:
    """The ISO 3166-1 code in a record of MaxMind, DB-IP, IPinfo or ip-location-db; None if it has none."""
    if not isinstance(record, dict):
        return None
    told = record.get("country_code") or record.get("country")
    if isinstance(told, dict):
        told = told.get("iso_code")
    return told.upper() if isinstance(told, str) and len(told) == 2 and told.isalpha() else None
