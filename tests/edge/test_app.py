"""Which hosts and paths exist, and that everything else gets the same constant answer."""

import re

import pytest
from tests.edge.conftest import HOST, KEYS, TARGET, TEMPLATE, RunningEdge, StartEdge, click, message
from tests.every import every

from mailwake.edge.pages import MISDIRECTED, NOT_FOUND
from mailwake.edge.pixel import GIF
from mailwake.events import EventType
from mailwake.tokens import LinkToken, Minter, Purpose


@every("host", [HOST, "Track.Example.COM", f"{HOST}:8025", f"{HOST}:443", f"{HOST}.", f"{HOST}.:443"])
def test_the_tracking_host_is_known_in_any_case_and_with_any_port(edge: RunningEdge, host: str) -> None:
    assert edge.ask(click(), host=host).status == 302


@every(
    "host",
    [
        "evil.example.com",
        "",
        "127.0.0.1",
        f"{HOST}.evil.example.com",
        f"x{HOST}",
        f"[{HOST}]",
        f"{HOST}, x",
        f"{HOST}..",
        f"{HOST}:80@evil.example.com",
        f"{HOST}:443:443",
        f"{HOST}:-1",
        ".",
    ],
)
@every("path", ["/", f"/o/{message()}", click()])
def test_another_host_is_not_answered_for(edge: RunningEdge, host: str, path: str) -> None:
    answer = edge.ask(path, host=host)
    assert (answer.status, answer.body, answer["Location"]) == (421, MISDIRECTED.body, None)
    assert edge.events() == []


def test_an_absolute_target_cannot_pretend_another_host(edge: RunningEdge) -> None:
    assert edge.ask(f"http://evil.example.com{click()}").status == 421
    assert edge.ask(f"http://{HOST}{click()}", host="evil.example.com").status == 302


@every("name", ["X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded", "X-Host"])
def test_headers_that_rename_things_are_ignored(edge: RunningEdge, name: str) -> None:
    assert edge.ask("/nowhere", headers={name: click()}).status == 404
    assert edge.ask(click(), headers={name: "evil.example.com"}).status == 302


def test_a_former_host_is_still_answered_for(start_edge: StartEdge) -> None:
    edge = start_edge(tracking={"former_hosts": ["Old.example.com"]})
    token = message(minter=Minter(KEYS, "old.example.com"))
    edge.ask(f"/o/{token}", host="old.example.com")
    assert len(edge.events()) == 1


BRAND, OTHER = "links.brand.example", "go.other.example"
HOSTS = {BRAND: {"senders": ["brand.example"], "name": "Larkspur", "color": "#336600"}, OTHER: {}}


def sealed_for(host: str) -> Minter:
    """What seals for a host: the installation's keys themselves for the first, keys of its own for the others."""
    return Minter(KEYS if host == HOST else KEYS.for_host(host), host)


@pytest.mark.parametrize("asked", [HOST, BRAND, OTHER])
@pytest.mark.parametrize("sealed", [HOST, BRAND, OTHER])
def test_a_token_of_one_host_is_worthless_on_another(start_edge: StartEdge, sealed: str, asked: str) -> None:
    edge, minter = start_edge(hosts=HOSTS), sealed_for(sealed)
    path = f"/c/{message(minter=minter)}/{minter.link(LinkToken(TEMPLATE, 3, TARGET))}"
    page = edge.ask(f"/u/{message(Purpose.UNSUBSCRIBE_BODY, minter=minter)}", host=asked)
    click, pixel = edge.ask(path, host=asked), edge.ask(f"/o/{message(minter=minter)}", host=asked)
    assert pixel.body == GIF
    if asked == sealed:
        assert (click["Location"], page.status, len(edge.events())) == (TARGET, 200, 3)
    else:
        assert (click["Location"], click.status, page.status, edge.events()) == (None, 404, 404, [])
        assert edge.stop()["reasons"] == {"seal": 3}


def test_a_link_part_of_another_host_leads_nowhere_beside_a_genuine_message_part(start_edge: StartEdge) -> None:
    edge = start_edge(hosts=HOSTS)
    link = sealed_for(OTHER).link(LinkToken(TEMPLATE, 3, "https://evil.example.com/"))
    assert edge.ask(f"/c/{message(minter=sealed_for(BRAND))}/{link}", host=BRAND)["Location"] is None


@pytest.mark.parametrize("host", ["links.evil.example", "brand.example", f"x.{BRAND}", f"{BRAND}..", f"{HOST},{BRAND}"])
def test_with_several_hosts_any_other_is_still_not_answered_for(start_edge: StartEdge, host: str) -> None:
    answer = start_edge(hosts=HOSTS).ask(f"/o/{message(minter=sealed_for(BRAND))}", host=host)
    assert (answer.status, answer.body) == (421, MISDIRECTED.body)


@pytest.mark.parametrize(
    ("host", "brand"),
    [(BRAND, ("Larkspur", "#336600")), (HOST, ("The Group", "#101010")), (OTHER, ("The Group", "#101010"))],
)
@pytest.mark.parametrize("route", ["u", "p"])
def test_pages_carry_the_brand_of_their_host(
    start_edge: StartEdge, route: str, host: str, brand: tuple[str, str]
) -> None:
    edge = start_edge(hosts=HOSTS, brand={"name": "The Group", "color": "#101010"})
    path = f"/{route}/{message(Purpose.UNSUBSCRIBE_BODY, minter=sealed_for(host))}"
    page = edge.ask(path, host=host.upper())
    nonce = re.findall(r'name="nonce" value="([^"]+)"', page.text)[0]
    lines = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "null", "User-Agent": "Firefox"}
    body = f"nonce={nonce}&choice=unsubscribe".encode()
    done = edge.ask(path, method="POST", body=body, headers=lines, host=host)
    for shown in (page, done):
        assert shown.status == 200
        assert [word in shown.text for word in brand] == [True, True]
        assert ({"Larkspur", "The Group"} - {brand[0]}).pop() not in shown.text
    assert [event.type for event in edge.events()][-1] == EventType.UNSUBSCRIBED


SCRIPT = "<script>alert(1)</script>"


@every(
    "path",
    [
        f"/{SCRIPT}", f"/c/{SCRIPT}/x", f"/u/{SCRIPT}", f"/p/{SCRIPT}", f"/c/x/y?{SCRIPT}", '/"><svg/onload=alert(1)>',
        "/%3Cscript%3Ealert(1)%3C/script%3E", "/{{7*7}}", "/${7*7}", "/c/%0d%0aSet-Cookie:%20a=b/x",
    ],
)  # fmt: skip
def test_no_page_shows_what_a_stranger_wrote(edge: RunningEdge, path: str) -> None:
    headers = {"User-Agent": SCRIPT, "Referer": SCRIPT, "Accept-Language": SCRIPT, "Cookie": SCRIPT}
    answer = edge.ask(path, headers=headers)
    assert (answer.status, answer.body) == (404, NOT_FOUND.body)
    assert answer.headers[: len(plain := edge.ask("/c/x/y").headers)][:-1] == plain[:-1]  # all but the date
    assert edge.ask(path, host=SCRIPT).body == MISDIRECTED.body


@every(
    "path",
    [
        "/", "/admin", "/api", "/api/campaigns", "/.git/config", "/metrics", "/health", "/o", "/c", "/u", "/p", "//o/x",
        "/O/x", "/%6f/x", "/./o/x", "/x/../o/x", "/favicon.ico", "/oo/", "/o%2f" + message(), "/index.html?/o/",
    ],
)  # fmt: skip
def test_nothing_else_exists_and_nothing_is_reflected(edge: RunningEdge, path: str) -> None:
    answer = edge.ask(path)
    assert (answer.status, answer.body) == (404, NOT_FOUND.body)


def test_robots_are_told_to_stay_away(edge: RunningEdge) -> None:
    answer = edge.ask("/robots.txt")
    assert (answer.status, answer.text) == (200, "User-agent: *\nDisallow: /\n")


@pytest.mark.parametrize("path", ["/c/x/y", "/nowhere"])
def test_other_methods_are_refused_everywhere(edge: RunningEdge, path: str) -> None:
    assert edge.ask(path, method="DELETE")["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/u/x", "/p/x"])
def test_pages_take_a_post_and_say_so(edge: RunningEdge, path: str) -> None:
    assert edge.ask(path, method="PUT")["Allow"] == "GET, HEAD, POST"


def test_odd_user_agents_are_kept_byte_for_byte(edge: RunningEdge) -> None:
    edge.ask(f"/o/{message()}", headers={"User-Agent": "caf\xe9 \xff"})
    (event,) = edge.events()
    assert event.request is not None
    assert (b"User-Agent", b"caf\xe9 \xff") in event.request.headers


def test_a_client_behind_our_proxy_is_known_by_its_own_address(start_edge: StartEdge) -> None:
    edge = start_edge(edge={"trusted_proxies": ["127.0.0.1/32"]})
    edge.ask(f"/o/{message()}", headers={"X-Forwarded-For": "203.0.113.9"})
    assert [event.request.peer for event in edge.events() if event.request] == ["203.0.113.9"]


def test_nobody_else_can_name_an_address(edge: RunningEdge) -> None:
    edge.ask(f"/o/{message()}", headers={"X-Forwarded-For": "203.0.113.9"})
    assert [event.request.peer for event in edge.events() if event.request] == ["127.0.0.1"]


def test_a_kilobyte_of_junk_in_every_place_breaks_nothing(edge: RunningEdge) -> None:
    junk = "%00%ff" * 150
    for path in (f"/o/{junk}", f"/c/{junk}/{junk}", f"/u/{junk}", f"/p/{junk}", f"/{junk}", f"/o/?{junk}"):
        assert edge.ask(path, headers={"Cookie": junk * 60, "Accept-Language": junk}).status in (200, 404)
    assert edge.ask(f"/o/{message()}").body == GIF
