"""Who is at the far end: nobody is believed but the proxies that were named."""

import re
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.every import every

from mailwake.edge.forwarding import MAX_HOPS, Forwarding
from mailwake.errors import Misconfigured

PROXIES = Forwarding(["10.0.0.0/8", "fd00::/8", "127.0.0.1"], "X-Forwarded-For")


@every(
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
        ("fd00::1", ["[2001:db8::9]"], "2001:db8::9"),
        ("10.1.1.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["198.51.100.1,"], "198.51.100.1"),
        ("10.1.1.1", ["198.51.100.1, ,\t, 10.2.2.2 ,,"], "198.51.100.1"),
        ("10.1.1.1", ["198.51.100.1", ""], "198.51.100.1"),
        ("10.1.1.1", ["," * 60_000], "10.1.1.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_not_ours(peer: str, lines: list[str], client: str) -> None:
    headers = [(b"Host", b"x"), *((b"x-forwarded-FOR", line.encode()) for line in lines)]
    assert PROXIES.client(peer, headers) == client


@every(
    "hop",
    [
        "unknown", "_hidden", "fe80::1%eth0", "[fe80::1%25eth0]", "[198.51.100.1]x", "[::1", "::1]", "198.51.100.1:",
        "198.51.100.1:x", "198.51.100.1:999999", "198.51.100.01", "198.51.100", "198.51.100.1 x", "0x7f.1",
        "2130706433", "1.2.3.4.5",
        "::1::2", "12345::", "\xe9", "\x00", "198.51.100.1\x00", "evil.example.com", '"198.51.100.1"', "'",
        "for=198.51.100.1", "9" * 60_000, ":" * 60_000,
    ],
)  # fmt: skip
@every("before", ["", "6.6.6.6, "])
def test_what_is_no_address_is_nobody_s(hop: str, before: str) -> None:
    assert PROXIES.client("10.1.1.1", [(b"X-Forwarded-For", (before + hop).encode("latin-1"))]) == "10.1.1.1"


def test_a_list_of_any_length_is_read_from_its_right_end_alone() -> None:
    """Looked at are the hops that our own proxies vouch for, and no more of them than there can be."""
    looked: list[str] = []
    proxies = Forwarding(["10.0.0.0/8"], "X-Forwarded-For")
    ours = proxies.trusts

    def look(peer: str) -> bool:
        looked.append(peer)
        return ours(peer)

    proxies.trusts = look
    spoofed = b", ".join([b"6.6.6.6"] * 10_000)
    assert proxies.client("10.1.1.1", [(b"X-Forwarded-For", spoofed + b", 198.51.100.1")]) == "198.51.100.1"
    assert looked == ["10.1.1.1", "198.51.100.1"]
    looked.clear()
    assert proxies.client("10.1.1.1", [(b"X-Forwarded-For", b"10.9.9.9,") for _ in range(10_000)]) == "10.9.9.9"
    assert len(looked) == MAX_HOPS


FORWARDED = Forwarding(["10.0.0.0/8", "fd00::/8", "127.0.0.1"], "forwarded")


@every(
    ("lines", "client"),
    [
        (["for=198.51.100.1"], "198.51.100.1"),
        (["For=198.51.100.1;proto=https;by=10.0.0.1"], "198.51.100.1"),
        (["proto=https ; FOR=198.51.100.1 ; by=10.0.0.1"], "198.51.100.1"),
        (['for="198.51.100.1:4711"'], "198.51.100.1"),
        (['for="198.51.100.1:_port"'], "198.51.100.1"),
        (['for="[2001:db8:cafe::17]:4711"'], "2001:db8:cafe::17"),
        (['for="[2001:db8:cafe::17]"'], "2001:db8:cafe::17"),
        (['for="[2001:db8:cafe:\\:17]"'], "2001:db8:cafe::17"),
        (["for=6.6.6.6, for=198.51.100.1"], "198.51.100.1"),
        (["for=198.51.100.1, for=10.2.2.2"], "198.51.100.1"),
        (["for=6.6.6.6", "for=198.51.100.1"], "198.51.100.1"),
        (["for=198.51.100.1,, ,for=10.2.2.2,"], "198.51.100.1"),
        (['for=198.51.100.1;host="a, for=6.6.6.6"'], "198.51.100.1"),
        (['for=198.51.100.1;host="a, for=\\"6.6.6.6"'], "198.51.100.1"),
        (['for=198.51.100.1;host="a,b,c,d\\\\"'], "198.51.100.1"),
        (['for=", for=198.51.100.1'], "198.51.100.1"),
        (['for="6.6.6.6, for=198.51.100.1'], "198.51.100.1"),
        (['for="x\\, for=198.51.100.1;proto="https"'], "198.51.100.1"),
        ([""], "10.1.1.1"),
        ([","], "10.1.1.1"),
        (["for=unknown"], "10.1.1.1"),
        (["for=_hidden"], "10.1.1.1"),
        (["for=6.6.6.6, for=unknown"], "10.1.1.1"),
        (["for=198.51.100.1, for=10.2.2.2, for=_x, for=10.3.3.3"], "10.3.3.3"),
        (["proto=https"], "10.1.1.1"),
        (["for="], "10.1.1.1"),
        (["for=198.51.100.1;for=6.6.6.6"], "10.1.1.1"),
        (["for=198.51.100.1;"], "10.1.1.1"),
        (["for=198.51.100.1 for=6.6.6.6"], "10.1.1.1"),
        (["for =198.51.100.1"], "10.1.1.1"),
        (["for=[2001:db8::1]"], "10.1.1.1"),
        (["for=198.51.100.1:4711"], "10.1.1.1"),
        (['for="198.51.100.1'], "10.1.1.1"),
        (["198.51.100.1"], "10.1.1.1"),
        (['for=198.51.100.1;host="' + "," * 100 + '"'], "10.1.1.1"),
        (["for=" + "a" * 60_000], "10.1.1.1"),
        (['for="' + "\\" * 60_000], "10.1.1.1"),
        ([";" * 60_000], "10.1.1.1"),
        (["," * 60_000], "10.1.1.1"),
        ([";".join(f"a{n}=b" for n in range(5_000))], "10.1.1.1"),
    ],
)
def test_the_standard_header_is_read_by_its_grammar(lines: list[str], client: str) -> None:
    assert FORWARDED.client("10.1.1.1", [(b"Forwarded", line.encode("latin-1")) for line in lines]) == client


def quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


others = st.builds(
    "{}={}".format, st.sampled_from(["by", "HOST", "x-y.z"]), st.text('ab,;=\\" []', max_size=9).map(quoted)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text('for="\\,; 6.[]:', max_size=40), others, others)
def test_nothing_on_the_left_changes_what_our_proxy_said(left: str, before: str, behind: str) -> None:
    same = before.partition("=")[0] == behind.partition("=")[0]
    element = f"{before};for=198.51.100.1" + ("" if same else f";{behind}")
    if element.count(",") <= 8:
        for header in (element, f"{left},{element}", f"{left} , {element} "):
            assert FORWARDED.client("10.1.1.1", [(b"Forwarded", header.encode())]) == "198.51.100.1"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([PROXIES, FORWARDED]), st.lists(st.binary(max_size=40), max_size=3))
def test_whatever_is_claimed_the_answer_is_an_address(proxies: Forwarding, lines: list[bytes]) -> None:
    for name in (b"X-Forwarded-For", b"Forwarded"):
        client = proxies.client("10.1.1.1", [(name, line) for line in lines])
        assert str(ip_address(client)) == client


def test_a_stranger_s_header_is_not_even_read() -> None:
    for proxies, name in ((PROXIES, b"X-Forwarded-For"), (FORWARDED, b"Forwarded")):
        assert proxies.client("203.0.113.5", [(name, b"for=198.51.100.1"), (name, b"198.51.100.1")]) == "203.0.113.5"


def test_a_named_header_is_the_only_one_believed() -> None:
    proxies = Forwarding(["10.0.0.0/8"], "CF-Connecting-IP")
    headers = [(b"X-Forwarded-For", b"6.6.6.6"), (b"CF-Connecting-IP", b"198.51.100.1")]
    assert proxies.client("10.1.1.1", headers) == "198.51.100.1"


def test_without_named_proxies_no_header_is_believed() -> None:
    assert Forwarding([], "X-Forwarded-For").client("127.0.0.1", [(b"X-Forwarded-For", b"6.6.6.6")]) == "127.0.0.1"


@pytest.mark.parametrize("header", ["", "X Forwarded For", "X-Forwarded-For:", "é"])
def test_what_is_no_header_stops_the_start(header: str) -> None:
    with pytest.raises(Misconfigured, match=r"edge\.forwarded_header"):
        Forwarding([], header)


def test_what_is_no_network_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"edge\.trusted_proxies"):
        Forwarding(["10.0.0.1/8"], "X-Forwarded-For")
