"""From raw requests to what may be kept."""

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.events import (
    SECOND,
    AgentKind,
    DeliveryId,
    Event,
    EventType,
    Evidence,
    Flag,
    Handle,
    Micros,
    NetworkKind,
    Note,
    Request,
    Source,
)
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.sections import Enrich

AT = Micros(1_750_000_000 * SECOND)  # June 2025
CHROME = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36"
)
SAFARI = (
    b"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    b"Version/17.4 Mobile/15E148 Safari/604.1"
)
PROXY = b"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
BASE = ((b"Host", b"t.example.com"), (b"User-Agent", CHROME), (b"Accept-Language", b"de"))
NETWORKS = Networks(Enrich(), b"network key for tests")
READER = EvidenceReader(NETWORKS, b"agent key for tests")


def read(
    *headers: tuple[bytes, bytes],
    method: str = "GET",
    peer: str = "73.1.1.1",
    reader: EvidenceReader = READER,
    told: tuple[str, ...] | None = None,
) -> Evidence:
    request = Request(method, b"/c/x/y", peer, headers, told=told)
    event = Event(
        type=EventType.CLICKED,
        received_at=AT,
        source=Source.EDGE,
        delivery=DeliveryId(3),
        recipient=Handle(4),
        link=2,
        request=request,
    )
    return reader.read(event, id=1, links=9, stream="outbound", domain="example.com")


def test_an_event_keeps_what_it_is_about() -> None:
    found = read(*BASE)
    assert (found.id, found.type, found.at, found.delivery, found.recipient) == (1, EventType.CLICKED, AT, 3, 4)
    assert (found.link, found.links, found.stream, found.domain, found.note) == (
        2,
        9,
        "outbound",
        "example.com",
        Note.NONE,
    )


def test_neither_address_nor_user_agent_lasts() -> None:
    text = repr(dataclasses.astuple(read(*BASE)))
    assert "73.1.1" not in text
    assert "Windows NT" not in text


def test_the_time_of_the_source_goes_before_the_time_we_heard() -> None:
    event = Event(type=EventType.OPENED, received_at=AT, at=Micros(AT - 5), source=Source.ESP)
    assert READER.read(event, id=1, links=None, stream="marketing", domain=None).at == AT - 5


def test_a_browser_with_its_headers_has_no_flag_against_it() -> None:
    assert read(*BASE, (b"Sec-Fetch-Mode", b"navigate")).flags == Flag.ACCEPT_LANGUAGE | Flag.SEC_FETCH


@every(
    ("header", "flag"),
    [
        ((b"Purpose", b"prefetch"), Flag.PREFETCH),
        ((b"X-Purpose", b"preview"), Flag.PREFETCH),
        ((b"X-Moz", b"prefetch"), Flag.PREFETCH),
        ((b"Sec-Purpose", b"prefetch;prerender"), Flag.PREFETCH),
        ((b"Sec-CH-UA", b'"HeadlessChrome";v="136", "Chromium";v="136"'), Flag.HINT_MISMATCH),
        ((b"Sec-CH-UA", b'"Chromium";v="99", "Google Chrome";v="99"'), Flag.HINT_MISMATCH),
        ((b"X-Native-Host", b"OneOutlook/1.2023.927.100"), Flag.WEBVIEW),
    ],
)
def test_headers_that_speak(header: tuple[bytes, bytes], flag: Flag) -> None:
    assert not read(*BASE).flags & flag
    assert read(*BASE, header).flags & flag


def test_hints_that_agree_are_no_contradiction() -> None:
    hints = (b"sec-ch-ua", b'"Chromium";v="136", "Not.A/Brand";v="8"'), (b"sec-ch-ua-mobile", b"?0")
    assert not read(*BASE, *hints).flags & Flag.HINT_MISMATCH


def test_header_names_match_in_any_case() -> None:
    loud = tuple((name.upper(), value) for name, value in (*BASE, (b"sec-fetch-mode", b"navigate")))
    assert read(*loud) == read(*BASE, (b"sec-fetch-mode", b"navigate"))


def test_a_missing_language_counts_against_browsers_and_not_against_mail_programs() -> None:
    assert read(BASE[0], BASE[1]).flags & Flag.NO_ACCEPT_LANGUAGE
    assert not read(BASE[0], (b"User-Agent", PROXY)).flags & Flag.NO_ACCEPT_LANGUAGE


def test_fetch_headers_are_expected_over_https_alone() -> None:
    plain = EvidenceReader(NETWORKS, b"agent key for tests", secure=False)
    assert read(*BASE).flags & Flag.NO_SEC_FETCH
    assert not read(*BASE, reader=plain).flags & Flag.NO_SEC_FETCH


def test_head_is_noted() -> None:
    assert read(*BASE, method="HEAD").flags & Flag.HEAD


def test_an_old_browser_is_noted() -> None:
    assert read(BASE[2], (b"User-Agent", CHROME.replace(b"136", b"97"))).flags & Flag.STALE_BROWSER


def test_no_headers_at_all_say_nothing() -> None:
    found = read()
    assert found.flags == Flag.NO_HEADERS
    assert found.agent_kind is AgentKind.UNKNOWN
    assert found.agent is None


def test_headers_without_a_user_agent_say_there_was_none() -> None:
    found = read(BASE[0])
    assert found.agent_kind is AgentKind.EMPTY
    assert found.agent is None


def test_a_header_that_was_not_logged_is_not_one_that_was_not_sent() -> None:
    logged = read(BASE[1], told=("host", "user-agent", "referer"))
    assert logged.flags == Flag(0)
    assert (logged.agent, logged.agent_kind) == (read(*BASE).agent, AgentKind.BROWSER)
    seen = read(BASE[1])
    assert seen.flags & Flag.NO_ACCEPT_LANGUAGE
    assert seen.flags & Flag.NO_SEC_FETCH


def test_a_header_that_would_have_been_logged_and_is_not_there_was_not_sent() -> None:
    told = ("user-agent", "accept-language", "sec-fetch-mode")
    assert read(BASE[1], told=told).flags == Flag.NO_ACCEPT_LANGUAGE | Flag.NO_SEC_FETCH
    assert read(told=("user-agent",)).agent_kind is AgentKind.EMPTY


@pytest.mark.parametrize("told", [(), ("host", "referer")])
def test_a_log_without_a_header_that_matters_leaves_all_of_them_unknown(told: tuple[str, ...]) -> None:
    found = read((b"Host", b"t.example.com"), told=told)
    assert found.flags == Flag.NO_HEADERS
    assert (found.agent, found.agent_kind) == (None, AgentKind.UNKNOWN)


def test_a_log_of_all_headers_that_matter_gives_what_the_request_itself_gives() -> None:
    sent = (*BASE, (b"Sec-Fetch-Mode", b"no-cors"), (b"Sec-CH-UA", b'"Chromium";v="136"'), (b"Purpose", b"prefetch"))
    told = ("host", "user-agent", "accept-language", "sec-fetch-mode", "sec-ch-ua", "sec-ch-ua-mobile")
    more = ("x-native-host", "sec-purpose", "purpose", "x-purpose", "x-moz")
    assert read(*sent, told=told + more) == read(*sent)


def test_an_event_without_a_request_has_no_evidence_of_one() -> None:
    event = Event(type=EventType.DELIVERED, received_at=AT, source=Source.RELAY)
    found = READER.read(event, id=1, links=None, stream="marketing", domain=None)
    assert found.flags == Flag.NO_HEADERS
    assert found.network is None
    assert found.network_kind is NetworkKind.UNKNOWN


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (b"Mozilla/5.0", NetworkKind.RELAY),
        (
            SAFARI,
            NetworkKind.RELAY,
        ),
        (CHROME, NetworkKind.HOSTING),
    ],
)
def test_apples_relay_is_one_for_apples_own_agents_alone(agent: bytes, kind: NetworkKind) -> None:
    assert read((b"User-Agent", agent), peer="104.28.31.5").network_kind is kind


def test_bytes_outside_ascii_are_kept_apart_and_tolerated() -> None:
    one, other = read((b"User-Agent", b"caf\xe9 UA")), read((b"User-Agent", b"caf\xc3\xa9 UA"))
    assert None not in (one.agent, other.agent)
    assert one.agent != other.agent


def test_another_key_gives_another_agent_hash() -> None:
    assert read(*BASE).agent != read(*BASE, reader=EvidenceReader(NETWORKS, b"other")).agent


_bytes = st.binary(max_size=60)


@given(
    st.lists(st.tuples(_bytes | st.sampled_from([b"user-agent", b"sec-ch-ua", b"Purpose"]), _bytes), max_size=8),
    st.text(max_size=40),
)
def test_any_headers_and_any_address_are_read(headers: list[tuple[bytes, bytes]], peer: str) -> None:
    found = read(*headers, peer=peer)
    assert bool(found.flags & Flag.NO_HEADERS) is (not headers)


def test_of_an_address_that_others_stand_behind_nothing_is_known() -> None:
    reader = EvidenceReader(NETWORKS, b"agent key for tests")
    request = Request("GET", b"/c/x/y", "73.1.1.1", BASE)
    found = []
    for number in range(400):
        agent = CHROME.replace(b"136", str(100 + number % 9).encode())
        seen = msgspec.structs.replace(request, headers=((b"User-Agent", agent),))
        event = Event(
            type=EventType.CLICKED, received_at=AT, source=Source.EDGE, delivery=DeliveryId(number), request=seen
        )
        found.append(reader.read(event, id=number, links=9, stream="outbound", domain="example.com"))
    assert (found[0].network_kind, found[0].asn is None) == (NetworkKind.RESIDENTIAL, False)
    assert (found[-1].network_kind, found[-1].asn, found[-1].country) == (NetworkKind.UNKNOWN, None, None)
    assert found[-1].network == found[0].network, "one address like others"
    assert found[-1].agent is not None, "its program is its own"
    assert reader.fronts == 1
