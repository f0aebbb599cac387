"""The PROXY protocol header: what the specification allows is read, everything else is refused, whatever its pieces."""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.every import every

from mailwake.edge.proxyline import MAX_BINARY_BYTES, MAX_TEXT_BYTES, SIGNATURE, FarEnd, read_far_end
from mailwake.errors import Untrusted

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UNIX = b"/run/a".ljust(108, b"\0") + b"/run/b".ljust(108, b"\0")


def binary(
    block: bytes = b"", *, command: int = 0x21, family: int = 0x11, length: int | None = None, tail: bytes = b""
) -> bytes:
    """A header of version 2; `tail` stands for the type-length-value fields behind the addresses."""
    block += tail
    return SIGNATURE + struct.pack(">BBH", command, family, len(block) if length is None else length) + block


def inet(client: str, proxy: str = "10.0.0.1", ports: tuple[int, int] = (4711, 443)) -> bytes:
    return ip_address(client).packed + ip_address(proxy).packed + struct.pack(">HH", *ports)


HEADERS: dict[str, tuple[bytes, str | None]] = {
    "IPv4": (b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n", "192.0.2.7"),
    "IPv6": (b"PROXY TCP6 2001:db8::7 fd00::1 56324 443\r\n", "2001:db8::7"),
    "the longest IPv6": (
        b"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ),
    "IPv4 inside IPv6": (b"PROXY TCP6 ::ffff:192.0.2.7 fd00::1 1 2\r\n", "192.0.2.7"),
    "port 0": (b"PROXY TCP4 192.0.2.7 10.0.0.1 0 0\r\n", "192.0.2.7"),
    "unknown": (b"PROXY UNKNOWN\r\n", ""),
    "unknown, with whatever": (b"PROXY UNKNOWN ffff:f...f:ffff ffff::\x00 65535 x\r\n", ""),
    "binary IPv4": (binary(inet("192.0.2.7")), "192.0.2.7"),
    "binary IPv6": (binary(inet("2001:db8::7", "fd00::1"), family=0x21), "2001:db8::7"),
    "binary IPv4 inside IPv6": (binary(inet("::ffff:192.0.2.7", "fd00::1"), family=0x21), "192.0.2.7"),
    "binary datagram, which is HTTP/3": (binary(inet("192.0.2.7"), family=0x12), "192.0.2.7"),
    "binary datagram IPv6": (binary(inet("2001:db8::7", "fd00::1"), family=0x22), "2001:db8::7"),
    "binary Unix": (binary(UNIX, family=0x31), ""),
    "binary Unix datagram": (binary(UNIX, family=0x32), ""),
    "binary unspecified": (binary(family=0x00), ""),
    "binary local": (binary(command=0x20, family=0x00), None),
    "binary local with a block to pass over": (binary(inet("6.6.6.6"), command=0x20), None),
    "binary local of an unknown family": (binary(b"xyz", command=0x20, family=0x77), None),
    "binary with more behind the addresses": (
        binary(inet("192.0.2.7"), tail=b"\x02\x00\x11track.example.com\x04\x00\x00"),
        "192.0.2.7",
    ),
    "binary with as much as there may be": (
        binary(inet("192.0.2.7"), tail=bytes(MAX_BINARY_BYTES - 16 - 12)),
        "192.0.2.7",
    ),
}


@every(("header", "address"), HEADERS.values(), ids=HEADERS.keys())
def test_a_header_names_the_far_end_and_leaves_the_rest(header: bytes, address: str | None) -> None:
    assert read_far_end(header) == FarEnd(address, b"")
    assert read_far_end(header + GET) == FarEnd(address, GET)


@every("header", [header for header, _ in HEADERS.values()], ids=HEADERS.keys())
def test_a_header_is_not_read_before_it_is_whole(header: bytes) -> None:
    assert [read_far_end(header[:length]) for length in range(len(header))] == [None] * len(header)


REFUSED = {
    "HTTP": GET,
    "TLS": b"\x16\x03\x01\x02\x00",
    "NUL": b"\x00",
    "lower case": b"proxy TCP4 192.0.2.7 10.0.0.1 1 2\r\n",
    "an empty line": b"\r\nPROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n",
    "no space": b"PROXY\r\n",
    "no protocol": b"PROXY \r\n",
    "another protocol": b"PROXY UDP4 192.0.2.7 10.0.0.1 1 2\r\n",
    "unknown with a tail": b"PROXY UNKNOWNS\r\n",
    "a family that does not fit": b"PROXY TCP4 2001:db8::7 fd00::1 1 2\r\n",
    "the other family that does not fit": b"PROXY TCP6 192.0.2.7 10.0.0.1 1 2\r\n",
    "two families": b"PROXY TCP6 2001:db8::7 10.0.0.1 1 2\r\n",
    "a name": b"PROXY TCP4 evil.example.com 10.0.0.1 1 2\r\n",
    "an address with a zone": b"PROXY TCP6 fe80::1%eth0 fd00::1 1 2\r\n",
    "an octet above 255": b"PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n",
    "octets with leading zeros": b"PROXY TCP4 192.0.02.7 10.0.0.1 1 2\r\n",
    "three octets": b"PROXY TCP4 192.0.2 10.0.0.1 1 2\r\n",
    "a bad proxy address": b"PROXY TCP4 192.0.2.7 10.0.0 1 2\r\n",
    "a port above 65535": b"PROXY TCP4 192.0.2.7 10.0.0.1 65536 2\r\n",
    "the other port above 65535": b"PROXY TCP4 192.0.2.7 10.0.0.1 1 99999\r\n",
    "a port with leading zeros": b"PROXY TCP4 192.0.2.7 10.0.0.1 01 2\r\n",
    "a signed port": b"PROXY TCP4 192.0.2.7 10.0.0.1 +1 2\r\n",
    "one port": b"PROXY TCP4 192.0.2.7 10.0.0.1 1\r\n",
    "a third port": b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2 3\r\n",
    "two spaces": b"PROXY  TCP4 192.0.2.7 10.0.0.1 1 2\r\n",
    "a tab": b"PROXY TCP4\t192.0.2.7 10.0.0.1 1 2\r\n",
    "a space at the end": b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2 \r\n",
    "a line end in it": b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2\n\r\n",
    "a line that does not end": b"PROXY UNKNOWN " + b"x" * MAX_TEXT_BYTES,
    "a line a byte too long": b"PROXY UNKNOWN ".ljust(MAX_TEXT_BYTES - 1, b"x") + b"\r\n",
    "half a signature, then something else": SIGNATURE[:9] + b"x",
    "version 1 in binary": binary(inet("192.0.2.7"), command=0x11),
    "version 3": binary(inet("192.0.2.7"), command=0x31),
    "an unknown command": binary(inet("192.0.2.7"), command=0x22),
    "an unknown family": binary(inet("192.0.2.7"), family=0x41),
    "an unknown transport": binary(inet("192.0.2.7"), family=0x13),
    "a family without transport": binary(inet("192.0.2.7"), family=0x10),
    "a transport without family": binary(inet("192.0.2.7"), family=0x01),
    "addresses cut short": binary(inet("192.0.2.7")[:-1]),
    "IPv4 addresses said to be IPv6": binary(inet("192.0.2.7"), family=0x21),
    "a Unix path cut short": binary(UNIX[:-1], family=0x31),
    "more than there may be": binary(inet("192.0.2.7"), length=MAX_BINARY_BYTES - 15),
    "the greatest length": binary(inet("192.0.2.7"), length=0xFFFF),
}


@every("data", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(Untrusted) as caught:
        read_far_end(data)
    assert caught.value.reason == "proxy"


def test_the_longest_line_there_may_be_is_read() -> None:
    line = b"PROXY UNKNOWN ".ljust(MAX_TEXT_BYTES - 2, b"x") + b"\r\n"
    assert len(line) == 107
    assert read_far_end(line) == FarEnd("", b"")


def outcome(data: bytes) -> FarEnd | str | None:
    try:
        return read_far_end(data)
    except Untrusted as fault:
        return fault.reason


def check_in_pieces(data: bytes) -> None:
    """However the bytes come, the first word on them is the last."""
    seen = [outcome(data[:length]) for length in range(len(data) + 1)]
    decided = next((length for length, each in enumerate(seen) if each is not None), len(data) + 1)
    for length, each in enumerate(seen[decided:], decided):
        first = seen[decided]
        if isinstance(first, FarEnd):
            assert each == FarEnd(first.address, data[decided:length])
        else:
            assert each == "proxy"
    assert decided <= MAX_BINARY_BYTES


addresses = st.ip_addresses()
headers = st.one_of(
    st.sampled_from([header for header, _ in HEADERS.values()]),
    st.sampled_from(list(REFUSED.values())),
    st.builds(binary, st.binary(max_size=300), command=st.integers(0, 255), family=st.integers(0, 255)),
    st.builds(
        lambda *words: b" ".join(words) + b"\r\n",
        st.sampled_from([b"PROXY", b"PROX", b"PROXYY"]),
        st.sampled_from([b"TCP4", b"TCP6", b"UNKNOWN", b"UDP4", b""]),
        addresses.map(lambda each: str(each).encode()),
        addresses.map(lambda each: str(each).encode()),
        st.integers(-1, 70_000).map(lambda port: str(port).encode()),
        st.integers(-1, 70_000).map(lambda port: str(port).encode()),
    ),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A header with some of it changed, left out, doubled or put in."""
    data = bytearray(draw(headers))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        data[start:end] = draw(st.binary(max_size=8) | st.just(bytes(data[start:end] * 2)))
    return bytes(data) + draw(st.sampled_from([b"", GET, b"\x00"]))


@given(damaged() | st.binary(max_size=200))
@example(b"")
def test_bytes_are_refused_read_or_waited_for_the_same_way_however_they_come(data: bytes) -> None:
    check_in_pieces(data)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None)
@given(damaged() | st.binary(max_size=400))
def test_bytes_are_read_the_same_way_in_any_pieces_over_a_long_run(data: bytes) -> None:
    check_in_pieces(data)


@given(addresses, addresses, st.integers(0, 65_535), st.binary(max_size=500))
def test_what_a_proxy_says_is_what_is_read(
    client: IPv4Address | IPv6Address, proxy: IPv4Address | IPv6Address, port: int, rest: bytes
) -> None:
    mapped = client.ipv4_mapped if isinstance(client, IPv6Address) else None
    family = client.version
    if proxy.version != family:
        proxy = type(client)(1)
    line = f"PROXY TCP{family} {client} {proxy} {port} {port}\r\n".encode()
    block = binary(inet(str(client), str(proxy), (port, port)), family=0x11 if family == 4 else 0x21)
    for header in (line, block):
        assert read_far_end(header + rest) == FarEnd(str(mapped or client), rest)
