"""Newer databases from files: checked, dated, put in place whole."""

import io
import json
import tarfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from mailwake.cli.update_data.databases import install, read_package
from mailwake.errors import BadInput
from mailwake.origins.databases import SHIPPED, Database, choose, made_on
from mailwake.origins.ranges import AsnTable

TODAY = date(2026, 11, 23)
FOUR = b'0.0.0.1,8.8.7.255,1,One\n8.8.8.0,8.8.8.255,15169,"Google LLC"\n9.9.9.0,9.9.9.255,19281,Quad9\n'
SIX = b"2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,15169,Google LLC\n"


def package(folder: Path, members: dict[str, bytes], version: str = "2.3.2026111510") -> Path:
    path = folder / "p.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, body in (members | {"package.json": json.dumps({"version": version}).encode()}).items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return path


def test_a_package_of_lists_becomes_a_table(tmp_path: Path) -> None:
    found = read_package(package(tmp_path, {"asn-ipv4.csv": FOUR, "asn-ipv6.csv": SIX}))
    assert (found.kind, found.made) == (Database.ASN, date(2026, 11, 15))
    before = install(found, tmp_path / "enrich", today=TODAY)
    assert before == made_on(Database.ASN, SHIPPED / "asn.bin")
    assert AsnTable(choose(Database.ASN, tmp_path / "enrich")).organisation(19281) == "Quad9"


@pytest.mark.long
def test_a_package_of_country_is_found(tmp_path: Path) -> None:
    body = (SHIPPED / "country.mmdb").read_bytes()
    found = read_package(package(tmp_path, {"geo-whois-asn-country.mmdb": body}))
    assert (found.kind, found.content) == (Database.COUNTRY, body)


def test_two_lists_side_by_side_are_read(tmp_path: Path) -> None:
    (tmp_path / "asn-ipv4.csv").write_bytes(FOUR)
    (tmp_path / "asn-ipv6.csv").write_bytes(SIX)
    assert read_package(tmp_path / "asn-ipv6.csv").kind is Database.ASN


def test_a_list_without_its_twin_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "asn-ipv4.csv").write_bytes(FOUR)
    with pytest.raises(BadInput, match=r"asn-ipv6\.csv"):
        read_package(tmp_path / "asn-ipv4.csv")


def test_a_table_of_ours_is_read_again(tmp_path: Path) -> None:
    found = read_package(SHIPPED / "asn.bin")
    assert found.made == made_on(Database.ASN, SHIPPED / "asn.bin")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"{}", b"\x00" * 4096])
@pytest.mark.parametrize("name", ["x.mmdb", "x.bin", "x.tgz"])
def test_what_is_none_of_these_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput):
        read_package(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read"):
        read_package(tmp_path / "none.tgz")


def test_the_other_database_is_refused_when_one_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds asn, not country"):
        read_package(SHIPPED / "asn.bin", kind=Database.COUNTRY)


def test_an_older_one_is_refused(tmp_path: Path) -> None:
    found = read_package(package(tmp_path, {"asn-ipv4.csv": FOUR, "asn-ipv6.csv": SIX}, "2.3.2026010100"))
    with pytest.raises(BadInput, match="newer"):
        install(found, tmp_path, today=TODAY)


def test_a_stale_one_is_refused(tmp_path: Path) -> None:
    found = read_package(package(tmp_path, {"asn-ipv4.csv": FOUR, "asn-ipv6.csv": SIX}))
    with pytest.raises(BadInput, match="400 days"):
        install(found, tmp_path, today=TODAY + timedelta(days=500))
    assert not (tmp_path / "asn.bin").exists()


def test_one_from_the_future_is_refused(tmp_path: Path) -> None:
    found = read_package(package(tmp_path, {"asn-ipv4.csv": FOUR, "asn-ipv6.csv": SIX}, "2.3.2027010100"))
    with pytest.raises(BadInput, match="still to come"):
        install(found, tmp_path, today=TODAY)


def test_members_that_are_links_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "evil.tgz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("package/country.mmdb")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(BadInput, match="neither"):
        read_package(path)
