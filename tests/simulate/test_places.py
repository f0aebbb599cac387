"""Requests come from public networks of real operators and carry what real programs send."""

import re
from ipaddress import IPv4Address, IPv4Network

from tests.every import every

from mailwake.simulate.chance import dice
from mailwake.simulate.places import World, address_in, load_world

WORLD = load_world()


def networks(world: World) -> list[IPv4Network]:
    own = [net for country in world.countries for net in (*country.home, *country.phone)]
    return own + [net for nets in world.machines.values() for net in nets]


def test_every_range_is_public() -> None:
    assert len(networks(WORLD)) > 60
    assert all(net.is_global for net in networks(WORLD))


def test_an_address_is_a_host_of_its_range() -> None:
    rng = dice(1)
    ranges = (IPv4Network("73.32.0.0/12"), IPv4Network("68.0.0.0/13"))
    for _ in range(500):
        address = IPv4Address(address_in(rng, ranges))
        assert any(address in net for net in ranges)
        assert int(address) % 256 not in (0, 255)


@every("name", sorted(WORLD.programs))
def test_a_program_sends_well_formed_headers(name: str) -> None:
    lines = WORLD.programs[name].lines(dice(2), "de-DE,de;q=0.9").decode("ascii")
    assert all(re.fullmatch(r"[A-Za-z0-9-]+: [^\r\n{]+", line) for line in lines.removesuffix("\r\n").split("\r\n"))


def test_browsers_say_the_language_of_their_people() -> None:
    assert b"Accept-Language: fr\r\n" in WORLD.programs["chrome_android"].lines(dice(3), "fr")


def test_safari_never_sends_sec_fetch_user() -> None:
    for name in ("safari_iphone", "safari_mac"):
        headers = WORLD.programs[name].headers
        assert "Sec-Fetch-Mode: navigate" in headers
        assert "Sec-Fetch-User" not in headers


def test_apples_proxy_says_mozilla_and_nothing_more() -> None:
    assert "User-Agent: Mozilla/5.0\r\n" in WORLD.programs["apple_privacy"].headers
