"""`mailwake update-data`: newer address databases, from a file that you fetched."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.update_data.databases import install, read_package
from mailwake.errors import BadInput, Misconfigured
from mailwake.origins.databases import SHIPPED, Database, choose, made_on
from mailwake.settings import DEFAULT_FILE, Settings, load


def command(
    *,
    source: Annotated[Path | None, typer.Option("--from", help="File to install: .tgz, .mmdb, .csv or .bin.")] = None,
    country: Annotated[bool, typer.Option("--country", help="Only the country database.")] = False,
    asn: Annotated[bool, typer.Option("--asn", help="Only the ASN database.")] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Install a newer country or ASN database, or say which ones are in use.

    Nothing is fetched: this command has no network access. Get the files where you have one, from
    https://github.com/sapics/ip-location-db/releases (geo-whois-asn-country.mmdb; asn-ipv4.csv with asn-ipv6.csv), or
    as npm packages: npm pack @ip-location-db/geo-whois-asn-country-mmdb @ip-location-db/asn

    A file older than the one in use, or older than 400 days, is refused. Running processes take the new file at their
    next start. MMDB files of MaxMind, DB-IP or IPinfo need no installing: name them in [enrich].

    Example: mailwake update-data --from ip-location-db-asn-2.3.2026111510.tgz
    """
    settings = load(config)
    folder = settings.data_folder / "enrich"
    if country and asn:
        raise BadInput("--country and --asn exclude each other; without either, both are meant")
    kind = Database.COUNTRY if country else Database.ASN if asn else None
    if source is not None:
        found = read_package(source, kind=kind)
        before = install(found, folder, today=datetime.now(UTC).date())
        print(f"{found.kind.name.lower()}: installed the list of {found.made}; until now {before}")
        return
    for each in Database if kind is None else (kind,):
        print(_in_use(each, settings, folder))


def _in_use(kind: Database, settings: Settings, folder: Path) -> str:
    """One line: which file, made when, and why that one."""
    named = settings.enrich.asn_mmdb if kind is Database.ASN else settings.enrich.country_mmdb
    name = kind.name.lower()
    if named:
        path = settings.path(named)
        if not path.is_file():
            raise Misconfigured(f"enrich.{name}_mmdb", f"there is no file {path}")
        return f"{name}: {path}, named in [enrich]"
    path = choose(kind, folder)
    origin = "in the package" if path.parent == SHIPPED else f"installed in {path.parent}"
    return f"{name}: made {made_on(kind, path)}, {origin}"
