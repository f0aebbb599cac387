"""Which database is in use, and what records of each publisher say."""

from pathlib import Path

import pytest
from tests.every import every

from mailwake.errors import BadInput
from mailwake.origins.databases import SHIPPED, Database, choose, country_of, made_on, open_mmdb


@pytest.mark.parametrize("kind", Database)
def test_an_installed_file_goes_before_the_one_in_the_package(kind: Database, tmp_path: Path) -> None:
    assert choose(kind, tmp_path) == choose(kind, None) == SHIPPED / kind.value
    (tmp_path / kind.value).write_bytes(b"")
    assert choose(kind, tmp_path) == tmp_path / kind.value


@pytest.mark.parametrize("kind", Database)
def test_the_shipped_ones_tell_their_day_and_have_their_licence_beside_them(kind: Database) -> None:
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert f"| `{kind.value}` |" in readme
    assert made_on(kind, SHIPPED / kind.value).isoformat() in readme
    assert "creativecommons.org/licenses/by/4.0" in (SHIPPED / kind.value).with_suffix(".LICENSE").read_text()


@pytest.mark.parametrize("kind", Database)
def test_a_damaged_file_is_refused(kind: Database, tmp_path: Path) -> None:
    path = tmp_path / kind.value
    path.write_bytes(b"\x00" * 2000)
    with pytest.raises(BadInput, match=kind.value):
        made_on(kind, path)


def test_a_file_that_is_not_there_is_told_with_its_option(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"enrich\.city_mmdb: .*none"):
        open_mmdb(tmp_path / "none", "enrich.city_mmdb")


@every(
    ("record", "country"),
    [
        ({"country_code": "de"}, "DE"),
        ({"country": {"iso_code": "FR"}}, "FR"),
        ({"country": "US"}, "US"),
        ({"country": "United States"}, None),
        ({"country": {"names": {}}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_countries_are_found_in_records_of_each_publisher(record: object, country: str | None) -> None:
    assert country_of(record) == country
