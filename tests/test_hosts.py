"""Several brands in one installation: each host has its own keys, and what was sealed once is read for ever."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.every import every

from mailwake.errors import Misconfigured, Untrusted
from mailwake.hosts import HostReader, Hosts
from mailwake.modes import INDIVIDUAL, Modes
from mailwake.settings import parse
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Minter, Purpose, TokenReader, format_key

TRACK, BRAND, OTHER = "track.example.com", "links.brand.example", "go.other.example"
#: a published key, which is what tests are for
KEYS = KeyRing({1: bytes(range(32)), 4: b"\xff" * 32})
OWN = {3: bytes(range(1, 33)), 4: bytes(range(2, 34))}
ONE = MessageToken(INDIVIDUAL, 7, 11, 13, date(2026, 11, 23))
LINK = LinkToken(7, 3, "https://www.example.com/")
GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "golden_host_tokens.json").read_text(encoding="utf-8")
)


def hosts(tree: dict[str, Any], *, base: str = f"https://{TRACK}", root: Path = Path(), **tracking: Any) -> Hosts:
    return Hosts(parse({"tracking": {"base_url": base, **tracking}, "hosts": tree}, root=root), KEYS)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    lines = [format_key(slot, key, date(2026, 1, 1)) for slot, key in OWN.items()]
    (tmp_path / "brand.keys").write_text("".join(lines), encoding="utf-8")
    return tmp_path


def can_read(reader: TokenReader | HostReader, minter: Minter, host: str) -> bool:
    """Whether all that this minter seals is read on a host; half of it would be a fault."""
    read = []
    for purpose in (Purpose.READ, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY):
        try:
            read.append(reader.message(minter.message(purpose, ONE), host, purpose) == ONE)
        except Untrusted:
            read.append(False)
    try:
        read.append(reader.link(minter.link(LINK), host) == LINK)
    except Untrusted:
        read.append(False)
    assert len(set(read)) == 1
    return read[0]


def test_without_further_hosts_everything_is_as_it_was() -> None:
    alone = hosts({})
    assert (alone.default.name, alone.default.base_url, list(alone.all)) == (TRACK, f"https://{TRACK}", [TRACK])
    assert alone.default.minter.message(Purpose.READ, ONE) == Minter(KEYS, TRACK).message(Purpose.READ, ONE)
    assert isinstance(alone.reader(), TokenReader)


def test_a_further_host_changes_nothing_for_the_first() -> None:
    both = hosts({BRAND: {"senders": ["brand.example"]}})
    assert both.default.minter.link(LINK) == Minter(KEYS, TRACK).link(LINK)
    assert can_read(both.reader(), Minter(KEYS, TRACK), TRACK)


@every(
    ("domain", "host"),
    [
        ("brand.example", BRAND),
        ("news.brand.example", BRAND),
        ("a.b.news.brand.example", BRAND),
        ("shop.brand.example", OTHER),
        ("eu.shop.brand.example", OTHER),
        ("xn--bcher-kva.example", OTHER),
        ("notbrand.example", TRACK),
        ("brand.example.net", TRACK),
        ("example", TRACK),
        ("", TRACK),
        (None, TRACK),
    ],
)
def test_mail_carries_the_host_of_the_nearest_domain_that_is_named(domain: str | None, host: str) -> None:
    several = hosts(
        {BRAND: {"senders": ["Brand.Example."]}, OTHER: {"senders": ["shop.brand.example", "bücher.example"]}}
    )
    assert several.of_sender(domain).name == host


def test_scheme_and_port_are_the_same_on_all_hosts() -> None:
    assert hosts({BRAND: {}}).all[BRAND].base_url == f"https://{BRAND}"
    local = hosts({"localhost": {}}, base="http://127.0.0.1:8025")
    assert local.all["localhost"].base_url == "http://localhost:8025"


def test_a_brand_is_that_of_the_installation_but_for_what_the_host_says() -> None:
    tree = {"brand": {"name": "Group", "color": "#111111"}, "hosts": {BRAND: {"name": "Brand"}, OTHER: {}}}
    several = Hosts(parse(tree, root=Path()), KEYS)
    assert (several.all[BRAND].brand.name, several.all[BRAND].brand.color) == ("Brand", "#111111")
    assert several.all[OTHER].brand == several.default.brand


def test_a_token_of_one_host_is_worthless_on_every_other() -> None:
    several = hosts({BRAND: {}, OTHER: {}})
    reader = several.reader()
    for sealed_for in several.all.values():
        for asked in several.all:
            assert can_read(reader, sealed_for.minter, asked) == (asked == sealed_for.name)


def test_a_token_is_worthless_elsewhere_even_where_hosts_share_a_key_file(key_file: Path) -> None:
    shared = {"keys": "file:brand.keys"}
    several = hosts({BRAND: shared, OTHER: shared}, root=key_file)
    reader = several.reader()
    for sealed_for, asked in ((BRAND, OTHER), (OTHER, BRAND), (BRAND, TRACK)):
        assert not can_read(reader, several.all[sealed_for].minter, asked)
        # the host is bound in the seal too, and not only by its keys
        elsewhere = TokenReader(several.all[sealed_for].rings[0], [asked])
        assert not can_read(elsewhere, several.all[sealed_for].minter, asked)


def test_whoever_has_a_host_s_keys_has_no_others() -> None:
    """Every derived key differs from the master and from that of any other host."""
    several = hosts({BRAND: {}, OTHER: {}})
    rings = [KEYS, several.all[BRAND].rings[0], several.all[OTHER].rings[0]]
    assert [ring.slots for ring in rings] == [(1, 4)] * 3
    assert len({ring.derive("x", slot=slot) for ring in rings for slot in ring.slots}) == 6
    forged = Minter(rings[1], OTHER)
    assert not can_read(several.reader(), forged, OTHER)


def test_a_host_without_table_is_no_host_of_ours() -> None:
    reader = hosts({BRAND: {}}).reader()
    with pytest.raises(Untrusted) as caught:
        reader.message(Minter(KEYS, OTHER).message(Purpose.READ, ONE), OTHER, Purpose.READ)
    assert caught.value.reason == "host"


def test_the_newest_key_of_a_host_s_file_seals_and_the_older_ones_read(key_file: Path) -> None:
    brand = hosts({BRAND: {"keys": "file:brand.keys"}}, root=key_file)
    older = Minter(KeyRing({3: OWN[3]}).for_host(BRAND), BRAND)
    assert brand.all[BRAND].rings[0].newest == 4
    assert can_read(brand.reader(), older, BRAND)
    assert can_read(brand.reader(), brand.all[BRAND].minter, BRAND)


def test_rotating_the_installation_s_keys_rotates_those_derived_from_them() -> None:
    before = Minter(KeyRing({1: bytes(range(32))}).for_host(BRAND), BRAND)
    assert can_read(hosts({BRAND: {}}).reader(), before, BRAND)


def test_a_host_that_gets_a_key_file_still_reads_its_older_mail(key_file: Path) -> None:
    before = hosts({BRAND: {}}).all[BRAND].minter
    after = hosts({BRAND: {"keys": "file:brand.keys"}}, root=key_file)
    assert after.all[BRAND].minter.link(LINK) != before.link(LINK)
    assert can_read(after.reader(), before, BRAND)


def test_a_tracking_host_that_becomes_one_of_several_still_reads_its_older_mail() -> None:
    before = hosts({}).default.minter
    for after in (hosts({TRACK: {}}), hosts({TRACK: {}}, base=f"https://{OTHER}", former_hosts=[TRACK])):
        assert can_read(after.reader(), before, TRACK)
        assert after.all[TRACK].minter.link(LINK) != before.link(LINK)
        assert can_read(after.reader(), after.all[TRACK].minter, TRACK)


def test_one_of_several_that_becomes_the_tracking_host_still_reads_its_older_mail() -> None:
    before = hosts({BRAND: {}}).all[BRAND].minter
    after = hosts({BRAND: {}}, base=f"https://{BRAND}")
    assert after.default is after.all[BRAND]
    assert can_read(after.reader(), before, BRAND)


def test_a_refusal_says_why_as_with_one_host(key_file: Path) -> None:
    reader = hosts({BRAND: {"keys": "file:brand.keys"}}, root=key_file).reader()
    text = Minter(KEYS.for_host(BRAND), BRAND).message(Purpose.READ, ONE)
    for wrong, purpose, reason in (
        (text, Purpose.UNSUBSCRIBE_BODY, "purpose"),
        (f"{text}=", Purpose.READ, "alphabet"),
        ("", Purpose.READ, "length"),
        (Minter(KEYS, BRAND).message(Purpose.READ, ONE), Purpose.READ, "seal"),
        (Minter(KeyRing({9: OWN[3]}), BRAND).message(Purpose.READ, ONE), Purpose.READ, "slot"),
    ):
        with pytest.raises(Untrusted) as caught:
            reader.message(wrong, BRAND, purpose)
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("reference", "problem"),
    [("file:not-there", "cannot read"), ("file:bad.keys", "published"), ("brand.keys", "env:NAME or file:PATH")],
)
def test_keys_that_must_not_seal_mail_stop_the_start(key_file: Path, reference: str, problem: str) -> None:
    (key_file / "bad.keys").write_text(format_key(1, bytes(range(32)), date(2026, 1, 1)), encoding="utf-8")
    with pytest.raises(Misconfigured, match=problem) as caught:
        hosts({BRAND: {"keys": reference}}, root=key_file)
    assert caught.value.option == f'hosts."{BRAND}".keys'


def golden_reader(sealed_with: str) -> TokenReader:
    ring = KeyRing({int(slot): bytes.fromhex(key) for slot, key in GOLDEN[sealed_with].items()})
    return TokenReader(ring.for_host(GOLDEN["host"]), [GOLDEN["host"]])


@every("golden", GOLDEN["messages"], ids=lambda each: each["text"][:12])
def test_golden_message_parts_of_a_host_are_read_for_ever(golden: dict[str, Any]) -> None:
    reader = golden_reader(golden["sealed_with"])
    token = reader.message(golden["text"], GOLDEN["host"], Purpose(golden["purpose"]))
    issued = date.fromisoformat(golden["issued"])
    modes = Modes.from_byte(golden["modes"])
    assert token == MessageToken(modes, golden["template"], golden["delivery"], golden["recipient"], issued)


@every("golden", GOLDEN["links"], ids=lambda each: each["text"][:12])
def test_golden_link_parts_of_a_host_are_read_for_ever(golden: dict[str, Any]) -> None:
    token = golden_reader(golden["sealed_with"]).link(golden["text"], GOLDEN["host"])
    assert token == LinkToken(golden["template"], golden["number"], golden["target"])
