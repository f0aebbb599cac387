"""Makes the address databases in src/mailwake/data from the published npm packages.

    npm pack @ip-location-db/asn @ip-location-db/geo-whois-asn-country-mmdb
    python tools/build_network_data.py ip-location-db-asn-*.tgz ip-location-db-geo-whois-asn-country-mmdb-*.tgz

The same input always gives the same bytes. Licences and credits: src/mailwake/data/README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mailwake.cli.update_data.databases import read_package

DATA = Path(__file__).parents[1] / "src" / "mailwake" / "data"


def main(packages: list[str]) -> None:
    """Read each package and write what it holds."""
    for package in packages:
        found = read_package(Path(package))
        (DATA / found.file_name).write_bytes(found.content)
        print(f"{found.file_name}: {len(found.content):,} bytes, made {found.made}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
