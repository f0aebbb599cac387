"""What addresses tell, with the databases that come with the package."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import BadInput
from mailwake.events import NetworkKind
from mailwake.origins.databases import SHIPPED
from mailwake.origins.networks import NOTHING, Networks, is_private, load_kinds, operator_of, pack
from mailwake.sections import Enrich

KEY = b"a key for tests, nothing else ..."
SHIPPED_NETWORKS = Networks(Enrich(), KEY)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return SHIPPED_NETWORKS


@every(
    ("ip", "kind", "asn", "country"),
    [
        ("73.1.1.1", NetworkKind.RESIDENTIAL, 7922, "US"),
        ("84.144.1.1", NetworkKind.RESIDENTIAL, 3320, "DE"),
        ("2601::1", NetworkKind.RESIDENTIAL, 7922, "US"),
        ("66.249.93.84", NetworkKind.CLOUD, 15169, "US"),
        ("2001:4860:4860::8888", NetworkKind.CLOUD, 15169, "US"),
        ("20.72.100.79", NetworkKind.CLOUD, 8075, "US"),
        ("40.107.218.12", NetworkKind.SCANNER, 8075, "US"),
        ("104.47.11.126", NetworkKind.SCANNER, 8075, "US"),
        ("148.163.128.5", NetworkKind.SCANNER, 13916, "US"),
        ("205.139.110.1", NetworkKind.SCANNER, 30031, "US"),
        ("209.222.80.1", NetworkKind.SCANNER, 15324, "US"),
        ("165.225.1.1", NetworkKind.GATEWAY, 22616, "US"),
        ("163.116.128.1", NetworkKind.GATEWAY, 55256, "US"),
    ],
)
def test_known_networks_are_told(ip: str, kind: NetworkKind, asn: int, country: str) -> None:
    found = SHIPPED_NETWORKS.look_up(ip)
    assert (found.kind, found.asn, found.country) == (kind, asn, country)


@pytest.mark.parametrize("ip", ["104.28.31.5", "172.224.224.1", "146.75.166.1"])
def test_operators_of_apples_relay_are_hosts_that_carry_it(networks: Networks, ip: str) -> None:
    found = networks.look_up(ip)
    assert found.kind is NetworkKind.HOSTING
    assert found.carries_relay


@every(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "172.31.0.9",
        "169.254.1.1",
        "100.64.3.4",
        "0.0.0.0",
        "::1",
        "::",
        "fe80::1",
        "fd00::7",
    ],
)
def test_private_addresses_are_told_apart_and_tell_nothing_else(networks: Networks, ip: str) -> None:
    found = networks.look_up(ip)
    assert found.hash is not None
    assert found._replace(hash=None) == NOTHING


@every(
    "ip", [None, "", "x", "1.2.3", "1.2.3.4.5", "999.1.1.1", ":::", "1.2.3.4, 5.6.7.8", "\x00", "٣.1.1.1", "a" * 10_000]
)
def test_what_is_no_address_tells_nothing(networks: Networks, ip: str | None) -> None:
    assert networks.look_up(ip) == NOTHING


def test_addresses_for_documentation_are_nobodys_but_can_be_told_apart(networks: Networks) -> None:
    one, other = networks.look_up("203.0.113.7"), networks.look_up("198.51.100.7")
    assert one.kind is NetworkKind.UNKNOWN
    assert one.country is None
    assert None not in (one.hash, other.hash)
    assert one.hash != other.hash


def test_neighbours_share_a_hash_and_strangers_do_not(networks: Networks) -> None:
    assert networks.look_up("73.1.1.1").hash == networks.look_up("73.1.1.200").hash
    assert networks.look_up("73.1.1.1").hash != networks.look_up("73.1.2.1").hash
    assert networks.look_up("2601:1:2::1").hash == networks.look_up("2601:1:2:ffff::9").hash
    assert networks.look_up("2601:1:2::1").hash != networks.look_up("2601:1:3::1").hash


def test_another_key_gives_another_hash(networks: Networks) -> None:
    assert Networks(Enrich(), b"another key").look_up("73.1.1.1").hash != networks.look_up("73.1.1.1").hash


@every("text", ["73.1.1.1", " 73.1.1.1 ", "73.1.1.1:443", "::ffff:73.1.1.1", "[::ffff:73.1.1.1]:443"])
def test_spellings_of_one_address_are_one_address(networks: Networks, text: str) -> None:
    assert networks.look_up(text) == networks.look_up("73.1.1.1")


@given(st.ip_addresses())
def test_any_address_has_an_answer(ip: object) -> None:
    found = SHIPPED_NETWORKS.look_up(str(ip))
    assert found.hash is None or 0 <= found.hash < 2**63


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    SHIPPED_NETWORKS.look_up(text)


def test_a_named_mmdb_wins(tmp_path: Path) -> None:
    (tmp_path / "mine.mmdb").write_bytes((SHIPPED / "country.mmdb").read_bytes())
    enrich = Enrich(country_mmdb="mine.mmdb", asn_mmdb="mine.mmdb", city_mmdb="mine.mmdb")
    found = Networks(enrich, KEY, root=tmp_path).look_up("73.1.1.1")
    assert (found.country, found.asn, found.city) == ("US", None, None)


def test_a_named_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"enrich\.country_mmdb.*none\.mmdb"):
        Networks(Enrich(country_mmdb="none.mmdb"), KEY, root=tmp_path)


def test_an_installed_database_is_preferred(tmp_path: Path) -> None:
    (tmp_path / "asn.bin").write_bytes(b"no table")
    with pytest.raises(BadInput, match=r"asn\.bin"):
        Networks(Enrich(), KEY, folder=tmp_path)


@every(
    ("record", "told"),
    [
        ({"autonomous_system_number": 7922, "autonomous_system_organization": "Comcast"}, (7922, "Comcast")),
        ({"asn": "AS15169", "as_name": "Google LLC"}, (15169, "Google LLC")),
        ({"asn": "", "name": 5}, (None, None)),
        (None, (None, None)),
        ("x", (None, None)),
    ],
)
def test_records_of_each_publisher_are_understood(record: object, told: tuple[int | None, str | None]) -> None:
    assert operator_of(record) == told


def test_the_table_of_kinds_names_no_operator_twice() -> None:
    import tomllib

    from mailwake.origins.networks import TABLE

    groups = tomllib.loads(TABLE.read_text(encoding="utf-8"))["operators"]
    asns = [asn for group in groups for asn in group["asns"]]
    assert len(asns) == len(set(asns))
    assert all(group["source"] for group in groups)
    assert len(load_kinds().by_asn) == len(asns)


@every(
    ("name", "kind"),
    [
        ("Some Hosting GmbH", NetworkKind.HOSTING),
        ("Example University", NetworkKind.CORPORATE),
        ("Blue Mobile Ltd", NetworkKind.MOBILE),
        ("Country Cable Inc", NetworkKind.RESIDENTIAL),
        ("Acme", NetworkKind.UNKNOWN),
    ],
)
def test_a_name_is_a_hint_where_the_table_is_silent(name: str, kind: NetworkKind) -> None:
    assert load_kinds().of_operator(4_200_000_000, name) is kind


def test_packing_and_privacy_agree_on_both_families() -> None:
    assert pack("1.2.3.4") == bytes((1, 2, 3, 4))
    assert len(pack("2601::1") or b"") == 16
    assert is_private(pack("192.168.0.1") or b"")
    assert not is_private(pack("2601::1") or b"")
