"""Who is at the far end: nobody is believed but the proxies that were named."""

import pytest

from mailwake.edge.forwarding import Forwarding
from mailwake.errors import Misconfigured

PROXIES = Forwarding(["10.0.0.0/8", "fd00::/8", "127.0.0.1"], "X-Forwarded-For")


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("10.1.1.1", [], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["198.51.100.1, 10.2.2.2"], "198.51.100.1"),
        ("10.1.1.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["198.51.100.1, nonsense"], "10.1.1.1"),
        ("10.1.1.1", ["nonsense, 10.2.2.2"], "10.2.2.2"),
        ("10.1.1.1", [""], "10.1.1.1"),
        ("10.1.1.1", ["10.3.3.3"], "10.3.3.3"),
        ("10.1.1.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8::9]:4711"], "2001:db8::9"),
        ("127.0.0.1", ["2001:db8::9"], "2001:db8::9"),
        ("::ffff:10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_not_ours(peer: str, lines: list[str], client: str) -> None:
    headers = [(b"Host", b"x"), *((b"x-forwarded-FOR", line.encode()) for line in lines)]
    assert PROXIES.client(peer, headers) == client


def test_a_named_header_is_the_only_one_believed() -> None:
    proxies = Forwarding(["10.0.0.0/8"], "CF-Connecting-IP")
    headers = [(b"X-Forwarded-For", b"6.6.6.6"), (b"CF-Connecting-IP", b"198.51.100.1")]
    assert proxies.client("10.1.1.1", headers) == "198.51.100.1"


def test_without_named_proxies_no_header_is_believed() -> None:
    assert Forwarding([], "X-Forwarded-For").client("127.0.0.1", [(b"X-Forwarded-For", b"6.6.6.6")]) == "127.0.0.1"


def test_what_is_no_network_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"edge\.trusted_proxies"):
        Forwarding(["10.0.0.1/8"], "X-Forwarded-For")
