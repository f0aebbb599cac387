"""Looking up mail exchangers: a name server of our own on a real socket, and one that is not there."""

import socketserver
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

pytest.importorskip("dns")

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from mailwake.atlas.exchangers import GIVE_UP_AFTER, KEEP_MICROS, DnsResolver, LookedUp, NoAnswer, look_up
from mailwake.events import Micros
from mailwake.store.state import Route, StateStore, open_state

RECORDS = {
    "corp.example.": ["20 backup.example.", "10 MX0A.pphosted.com."],
    "null.example.": ["0 ."],
    "wide.example.": [f"{n} mx{n}.example." for n in range(30)],
}
ADDRESSES = {("web.example.", "A"): "192.0.2.1", ("six.example.", "AAAA"): "2001:db8::1"}
#: names that exist without MX
NO_MX = ("empty.example.", "web.example.", "six.example.")


class Answering(socketserver.BaseRequestHandler):
    """MX of a few names, addresses of two, a fault for broken.example, no such name for all others."""

    def handle(self) -> None:
        packet, socket = self.request
        asked = dns.message.from_wire(packet)
        reply = dns.message.make_response(asked)
        name = asked.question[0].name.to_text()
        kind = dns.rdatatype.to_text(asked.question[0].rdtype)
        if (name, kind) in ADDRESSES:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, ADDRESSES[name, kind]))
        elif name in RECORDS and kind == "MX":
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "MX", *RECORDS[name]))
        elif name == "broken.example.":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name not in NO_MX:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        socket.sendto(reply.to_wire(), self.client_address)


@pytest.fixture(scope="module")
def resolver() -> Iterator[DnsResolver]:
    with socketserver.UDPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield DnsResolver(["127.0.0.1"], port=server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("domain", "hosts"),
    [
        ("corp.example", ["mx0a.pphosted.com", "backup.example"]),
        ("null.example", []),
        ("empty.example", []),
        ("gone.example", []),
        ("wide.example", [f"mx{n}.example" for n in range(10)]),
    ],
)
def test_exchangers_come_most_preferred_first_and_none_is_an_answer(
    resolver: DnsResolver, domain: str, hosts: list[str]
) -> None:
    assert list(resolver.exchangers(domain)) == hosts


@pytest.mark.parametrize("domain", ["broken.example", "a..b", "x" * 70, "\N{SNOWMAN}" * 200])
def test_what_nobody_can_say_is_no_answer(resolver: DnsResolver, domain: str) -> None:
    with pytest.raises(NoAnswer):
        resolver.exchangers(domain)


@pytest.mark.parametrize(
    ("domain", "route"),
    [
        ("corp.example", Route.EXCHANGERS),
        ("null.example", Route.REFUSED),
        ("web.example", Route.ADDRESS),
        ("six.example", Route.ADDRESS),
        ("empty.example", Route.NONE),
        ("gone.example", Route.NO_DOMAIN),
    ],
)
def test_how_a_domain_without_exchangers_is_meant(resolver: DnsResolver, domain: str, route: Route) -> None:
    """RFC 5321 section 5.1, RFC 7505."""
    assert resolver.route(domain)[1] is route


def test_a_fault_is_no_answer_about_the_way_either(resolver: DnsResolver) -> None:
    with pytest.raises(NoAnswer):
        resolver.route("broken.example")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    store = open_state(tmp_path / "state.sqlite")
    yield store
    store.close()


class Counting:
    """Answers some domains, and remembers what it was asked."""

    def __init__(self, silent: Sequence[str] = ()) -> None:
        self.silent, self.asked = silent, list[str]()

    def exchangers(self, domain: str) -> Sequence[str]:
        self.asked.append(domain)
        if domain in self.silent:
            raise NoAnswer("timeout")
        return [f"mx.{domain}"]


def test_answers_are_kept_and_not_asked_for_again_until_they_are_old(state: StateStore) -> None:
    asking, names = Counting(), ["a.example", "b.example"]
    assert look_up(state, names, asking, now=Micros(5)) == LookedUp(found=2, fresh=0, unanswered=0, given_up=0)
    assert look_up(state, names, asking, now=Micros(4 + KEEP_MICROS)).fresh == 2
    assert look_up(state, names, asking, now=Micros(5 + KEEP_MICROS)).found == 2
    assert asking.asked == names * 2
    assert state.exchangers(names)["a.example"].hosts == ("mx.a.example",)


def test_a_silence_is_not_kept_as_an_answer(state: StateStore) -> None:
    done = look_up(state, ["a.example", "b.example"], Counting(["a.example"]), now=Micros(5))
    assert (done.found, done.unanswered) == (1, 1)
    assert set(state.exchangers(["a.example", "b.example"])) == {"b.example"}


def test_without_a_network_it_gives_up_soon(state: StateStore) -> None:
    names = [f"{n}.example" for n in range(50)]
    asking = Counting(names)
    done = look_up(state, names, asking, now=Micros(5))
    assert (done.unanswered, done.given_up, len(asking.asked)) == (GIVE_UP_AFTER, 50 - GIVE_UP_AFTER, GIVE_UP_AFTER)


def test_what_is_no_name_is_not_asked_for(state: StateStore) -> None:
    asking = Counting()
    look_up(state, ["x" * 254], asking, now=Micros(5))
    assert asking.asked == []
