"""A link is followed to its end, never to an address within, and no server holds us or is held."""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.every import every
from tests.visiting.web import Page, certificate, home, web

from mailwake.visiting.addresses import is_public
from mailwake.visiting.asking import Fault, Lifetime, Unreached, Wall, ask, greet
from mailwake.visiting.visitor import End, Visitor

WITHIN = Wall(allow_private=True, lookup=home, seconds=5)


def to(target: str, status: int = 302) -> Page:
    return Page(status, {"Location": target})


def test_a_chain_is_followed_with_heads_alone() -> None:
    with web({"/a": to("/b"), "/b": to("c?x=1#part", 301), "/c?x=1": Page()}) as site:
        visit = Visitor(WITHIN).visit(site.url("/a#top"))
        assert [hop.url for hop in visit.hops] == [site.url("/a"), site.url("/b"), site.url("/c?x=1")]
        assert (visit.end, visit.status, visit.redirects, visit.is_alive) == (End.ANSWER, 200, 2, True)
        assert [(method, path) for method, path, *_ in site.asked] == [
            ("HEAD", "/a"), ("HEAD", "/b"), ("HEAD", "/c?x=1")
        ]  # fmt: skip
        assert all("cookie" not in headers and "Mailwake" in headers["user-agent"] for *_, headers, _ in site.asked)


def test_who_refuses_head_is_asked_with_get_and_next_to_nothing_is_read() -> None:
    huge = Page(200, {"Content-Length": "1000000000"}, b"x" * 200_000, frozenset({"HEAD"}))
    with web({"/": huge}) as site:
        visit = Visitor(WITHIN).visit(site.url("/"))
        assert visit.is_alive
        assert [method for method, *_ in site.asked] == ["HEAD", "GET"]


def test_who_lets_head_wait_is_asked_with_get() -> None:
    page = Page(waits_for=threading.Event(), keeps=frozenset(("HEAD",)))
    with web({"/": page}) as site:
        visitor = Visitor(replace(WITHIN, seconds=0.3))
        assert visitor.visit(site.url("/"), only_head=True).fault is Fault.TIMEOUT
        assert visitor.visit(site.url("/")).is_alive


def test_get_is_never_used_where_it_could_be_taken_for_the_wish_itself() -> None:
    with web({"/leave": Page(refuses=frozenset({"HEAD"}))}) as site:
        visit = Visitor(WITHIN).visit(site.url("/leave"), only_head=True)
        assert visit.is_alive is None
        assert [method for method, *_ in site.asked] == ["HEAD"]


def test_circles_endless_chains_and_redirects_to_nowhere_end() -> None:
    pages = {"/1": to("/2"), "/2": to("/1"), "/none": Page(302), "/bad": to("http://[/")}
    pages |= {f"/n{number}": to(f"/n{number + 1}") for number in range(40)}
    with web(pages) as site:
        visitor = Visitor(WITHIN)
        assert visitor.visit(site.url("/1")).end is End.LOOP
        endless = visitor.visit(site.url("/n0"))
        assert (endless.end, endless.redirects, endless.is_alive) == (End.ENDLESS, 10, False)
        assert visitor.visit(site.url("/none")).end is End.NOWHERE
        assert visitor.visit(site.url("/bad")).end is End.NOWHERE


@pytest.mark.parametrize("target", ["ftp://files.example/x", "javascript:alert(1)", "mailto:a@example.com"])
def test_other_schemes_are_not_followed(target: str) -> None:
    with web({"/": to(target)}) as site:
        visit = Visitor(WITHIN).visit(site.url("/"))
        assert (visit.end, visit.fault) == (End.FAULT, Fault.SCHEME)


@every(
    "url", ["http://a@b.example/", "http:///x", "http://b.example:0/", "http://a.example\\@b.example/", "http://a b/"]
)
def test_what_programs_disagree_on_is_not_called(url: str) -> None:
    visit = Visitor(Wall(lookup=lambda *_: pytest.fail("looked up"))).visit(url)
    assert visit.fault is Fault.UNFIT


@every(
    "address",
    [
        "127.0.0.1", "169.254.169.254", "10.0.0.7", "::1", "fd00::1", "::ffff:7f00:1", "0.0.0.0", "100.64.0.1",
        "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "fec0::1", "3fff::1",
        "192.0.0.192", "168.63.129.16", "64:ff9b::a83f:8110",
    ],
)  # fmt: skip
def test_no_address_within_is_called_by_name_or_by_number(address: str) -> None:
    assert Visitor(Wall(lookup=lambda *_: [address])).visit("http://inner.example/").fault is Fault.PRIVATE
    shown = f"[{address}]" if ":" in address else address
    assert Visitor(Wall(seconds=5)).visit(f"http://{shown}/").fault is Fault.PRIVATE


def test_names_without_ipv6_are_called_through_a_translator() -> None:
    """RFC 6147: where there is no IPv4, a name server answers with addresses that stand for public ones."""
    assert is_public("64:ff9b::808:808")


def test_a_name_leads_where_browsers_take_it() -> None:
    asked: list[str] = []

    def lookup(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.1"]

    assert Visitor(Wall(lookup=lookup)).visit("https://straße.example/").fault is Fault.PRIVATE
    assert asked == ["xn--strae-oqa.example"]


def test_each_hop_is_checked_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The very server that was reached as public is not reached again under a name that leads within."""
    from mailwake.visiting import asking

    with web({"/": to("http://inner.example/secret"), "/secret": Page()}) as site:
        monkeypatch.setattr(asking, "is_public", lambda address: address == "127.0.0.1")
        wall = Wall(lookup=lambda host, _: ["127.0.0.1"] if host == "outer.example" else ["10.0.0.1"], seconds=5)
        visit = Visitor(wall).visit(f"http://outer.example:{site.port}/")
        assert [hop.status for hop in visit.hops] == [302, None]
        assert visit.fault is Fault.PRIVATE
        assert [path for _, path, *_ in site.asked] == ["/"]


def test_a_name_that_changes_its_mind_is_looked_up_once_a_request() -> None:
    asked: list[str] = []

    def lookup(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with web({"/": Page()}) as site:
        wall = Wall(allow_private=True, lookup=lookup, seconds=5)
        assert ask("GET", site.url("/", host="rebind.example"), wall=wall).status == 200
        assert asked == ["rebind.example"]
        assert site.asked[0][2]["host"] == f"rebind.example:{site.port}"


def test_a_server_that_hangs_and_a_name_server_that_hangs_are_left() -> None:
    never = threading.Event()
    with web({"/": Page(waits_for=never)}) as site:
        visit = Visitor(Wall(allow_private=True, lookup=home, seconds=0.3)).visit(site.url("/"))
        assert (visit.fault, visit.is_alive) == (Fault.TIMEOUT, None)

    def stuck(_host: str, _port: int) -> list[str]:
        never.wait(20)
        return []

    never.clear()
    visit = Visitor(Wall(lookup=stuck, seconds=0.2)).visit("http://slow.example/")
    never.set()
    assert (visit.fault, visit.is_alive) == (Fault.NO_DNS, None)


def sends(*chunks: bytes, trust: ssl.SSLContext | None = None) -> AbstractContextManager[tuple[int, list[bytes]]]:
    """A server that answers whoever comes with bytes of its own, a tenth of a second apart: its port, what it sent."""
    sent: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            talk = trust.wrap_socket(self.request, server_side=True) if trust else self.request
            with closing(talk), suppress(OSError):
                talk.recv(65_536)
                for chunk in chunks:
                    talk.sendall(chunk)
                    sent.append(chunk)
                    time.sleep(0.1)
                talk.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def run() -> Iterator[tuple[int, list[bytes]]]:
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            yield server.server_address[1], sent
            server.shutdown()

    return run()


@pytest.mark.parametrize("is_secure", [False, True])
def test_a_server_that_says_a_little_now_and_then_is_left_in_time(is_secure: bool, tmp_path: Path) -> None:
    """Each line comes long before a read would be given up. The server sees us leave; it would have gone on."""
    trust = certificate(tmp_path, "shop.example") if is_secure else None
    lines = (b"HTTP/1.1 200 OK\r\n", *(b"X-Line: more\r\n" for _ in range(90)), b"\r\n")
    wall = replace(trusting(tmp_path) if is_secure else WITHIN, seconds=0.6)
    with sends(*lines, trust=trust) as (port, sent):
        visit = Visitor(wall).visit(f"http{'s' if is_secure else ''}://shop.example:{port}/")
        assert (visit.status, visit.fault) == (None, Fault.TIMEOUT)
    assert len(sent) < len(lines)


@pytest.mark.parametrize("status", [102, 103])
def test_what_is_said_before_the_answer_is_none(status: int) -> None:
    """RFC 8297: hints come before the answer, to whoever asks."""
    with sends(b"HTTP/1.1 %d Early\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" % status) as (port, _):
        visit = Visitor(WITHIN).visit(f"http://shop.example:{port}/")
    assert (visit.status, visit.is_alive) == (200, True)


def test_a_redirect_may_name_a_host_as_people_write_it() -> None:
    asked: list[str] = []

    def lookup(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with web({}) as site:
        goal = f"http://bücher.example:{site.port}/größe?q=ü"
        site.pages.update({"/": to(goal.encode().decode("latin-1")), "/gr%C3%B6%C3%9Fe?q=%C3%BC": Page()})
        visit = Visitor(Wall(allow_private=True, lookup=lookup, seconds=5)).visit(site.url("/"))
    assert (visit.url, visit.is_alive) == (goal, True)
    assert asked[-1] == "xn--bcher-kva.example"


def test_all_hops_together_have_an_end() -> None:
    """The clock moves five seconds at each look: four hops, and no more."""
    ticks = iter(range(0, 10_000, 5))
    with web({f"/n{number}": to(f"/n{number + 1}") for number in range(40)}) as site:
        visit = Visitor(WITHIN, clock=lambda: float(next(ticks))).visit(site.url("/n0"))
        assert visit.fault is Fault.TIMEOUT
        assert len(site.asked) == 3


def test_no_such_host_and_nobody_there_are_told_apart() -> None:
    def none(_host: str, _port: int) -> list[str]:
        raise OSError

    assert Visitor(Wall(lookup=none)).visit("http://gone.example/").fault is Fault.UNKNOWN_HOST
    with web({}) as site:
        closed = site.url("/")
    assert Visitor(WITHIN).visit(closed).fault is Fault.NO_ANSWER


@every(
    ("status", "alive"),
    [(200, True), (204, True), (404, False), (410, False), (403, None), (429, None), (500, None), (503, None)],
)
def test_what_a_status_says_of_readers(status: int, alive: bool | None) -> None:
    with web({"/": Page(status)}) as site:
        assert Visitor(WITHIN).visit(site.url("/")).is_alive is alive


def test_a_post_is_sent_to_one_address_once() -> None:
    """A further address is tried where nobody took the connection, never after something was sent."""
    with web({"/": Page(200)}) as site:
        wall = Wall(allow_private=True, lookup=lambda *_: ["127.0.0.9", "127.0.0.1"], seconds=5)
        assert ask("POST", site.url("/", "a.example"), body=b"x=1", wall=wall).address == "127.0.0.1"
        assert [(method, body) for method, _, _, body in site.asked] == [("POST", b"x=1")]


def test_a_certificate_has_to_hold_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    def trust() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    wall = Wall(allow_private=True, lookup=home, trust=trust, seconds=5)
    with web({"/": Page()}, trust=certificate(tmp_path, "good.example")) as site:
        assert Visitor(wall).visit(site.url("/", "good.example")).is_alive
        assert Visitor(wall).visit(site.url("/", "other.example")).fault is Fault.TLS
        strict = Wall(allow_private=True, lookup=home, seconds=5)
        assert Visitor(strict).visit(site.url("/", "good.example")).fault is Fault.TLS


def test_a_fault_says_who_does_not_answer() -> None:
    with pytest.raises(Unreached, match="no public address") as caught:
        ask("GET", "http://inner.example/", wall=Wall(lookup=home))
    assert (caught.value.fault, caught.value.host) == (Fault.PRIVATE, "inner.example")


def trusting(folder: Path) -> Wall:
    trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    return Wall(allow_private=True, lookup=home, trust=lambda: trust, seconds=5)


def test_who_is_greeted_is_asked_for_nothing(tmp_path: Path) -> None:
    with web({}, trust=certificate(tmp_path, "shop.example", days=(-80, 5))) as site:
        lifetime = greet(site.url("/leave", "shop.example"), wall=trusting(tmp_path))
        assert lifetime is not None
        assert (round(lifetime.seconds / 86_400), round(lifetime.seconds_left / 86_400, 2)) == (85, 5.0)
        assert lifetime.is_ending
        assert site.asked == []
    with web({}) as site:
        assert greet(site.url("/leave"), wall=WITHIN) is None


def test_certificates_that_are_short_by_nature_end_later() -> None:
    assert Lifetime(seconds=90 * 86_400, seconds_left=6 * 86_400).is_ending
    assert not Lifetime(seconds=90 * 86_400, seconds_left=20 * 86_400).is_ending
    assert not Lifetime(seconds=6 * 86_400, seconds_left=2 * 86_400).is_ending


@pytest.mark.parametrize(
    ("days", "host", "detail"),
    [
        ((-9, -1), "shop.example", "certificate has expired"),
        ((-1, 9), "other.example", "Hostname mismatch"),
        ((-1, 9), "unknown.example", "self-signed certificate"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(
    tmp_path: Path, days: tuple[float, float], host: str, detail: str
) -> None:
    context = certificate(tmp_path, "shop.example", "unknown.example", days=days)
    with web({"/": Page()}, trust=context) as site:
        wall = WITHIN if host == "unknown.example" else trusting(tmp_path)
        with pytest.raises(Unreached) as caught:
            greet(site.url("/", host), wall=wall)
        assert (caught.value.fault, detail in caught.value.detail) == (Fault.TLS, True)
        visit = Visitor(wall).visit(site.url("/", host))
        assert (visit.fault, detail in visit.detail) == (Fault.TLS, True)
