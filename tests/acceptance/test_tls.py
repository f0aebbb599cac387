"""The proxies of the how-to on TLS, tried: what readers get, what the edge sees, and what no file may hold."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.proxies import HOST, READER, TARGET, Proxy, printed, running
from tests.every import every

from mailwake.edge.pixel import GIF
from mailwake.events import EventType, Note
from mailwake.sections import Edge as EdgeSettings
from mailwake.tokens import Purpose

ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = "Content-Type: application/x-www-form-urlencoded"
AGENT = "Fennel/9.7 (kestrel)"


@pytest.fixture(scope="module", params=["nginx", "caddy", "haproxy"])
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp(request.param)
    with running(request.param, folder) as proxy:
        yield proxy


def test_pixel_link_and_page_work(proxy: Proxy) -> None:
    one = proxy.delivery()
    assert proxy.get(f"/o/{proxy.edge.message(one)}")[::2] == (200, GIF)
    status, headers, _ = proxy.get(proxy.edge.click(one))
    assert (status, headers["location"]) == (302, TARGET)
    status, _, page = proxy.get(f"/u/{proxy.edge.message(one, Purpose.UNSUBSCRIBE_BODY)}")
    assert (status, b"<button" in page) == (200, True)
    kinds = [(event.type, event.note) for event in proxy.events_of(one)]
    assert kinds == [
        (EventType.OPENED, Note.NONE),
        (EventType.CLICKED, Note.NONE),
        (EventType.UNKNOWN, Note.UNSUBSCRIBE_VIEWED),
    ]


def test_one_click_unsubscribes_without_a_page_a_redirect_or_a_cookie(proxy: Proxy) -> None:
    one = proxy.delivery()
    path = f"/u/{proxy.edge.message(one, Purpose.UNSUBSCRIBE_HEADER)}"
    status, headers, body = proxy.get(path, FORM, method="POST", body=ONE_CLICK)
    assert (status, body, {"location", "set-cookie"} & headers.keys()) == (200, b"", set())
    assert [(event.type, event.note) for event in proxy.events_of(one)] == [(EventType.UNSUBSCRIBED, Note.ONE_CLICK)]


def test_one_click_may_come_in_chunks_and_as_multipart(proxy: Proxy) -> None:
    one = proxy.delivery()
    path = f"/u/{proxy.edge.message(one, Purpose.UNSUBSCRIBE_HEADER)}"
    part = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(part), part)
    assert proxy.ask(head.encode() + chunked)[0] == 200
    assert [event.type for event in proxy.events_of(one)] == [EventType.UNSUBSCRIBED]


def test_the_button_of_the_page_works(proxy: Proxy) -> None:
    one = proxy.delivery()
    path = f"/u/{proxy.edge.message(one, Purpose.UNSUBSCRIBE_BODY)}"
    nonce = re.findall(rb'name="nonce" value="([^"]+)"', proxy.get(path)[2])[0]
    pressed = (FORM, "Origin: null", "User-Agent: Firefox")
    assert proxy.get(path, *pressed, method="POST", body=b"choice=unsubscribe&nonce=" + nonce)[0] == 200
    assert proxy.events_of(one)[-1].note is Note.BUTTON


def test_the_reader_s_own_address_is_the_evidence_whatever_the_reader_claims(proxy: Proxy) -> None:
    one = proxy.delivery()
    claims = (
        "X-Forwarded-For: 6.6.6.6",
        "Forwarded: for=6.6.6.6",
        "X-Real-IP: 6.6.6.6",
        "X-Forwarded-Host: evil.example",
    )
    assert proxy.get(f"/o/{proxy.edge.message(one)}", *claims)[0] == 200
    assert [event.request.peer for event in proxy.events_of(one) if event.request] == [READER]


SENT = [
    (b"user-AGENT", b"caf\xe9 \xff " + AGENT.encode()),
    (b"X_under", b"1"),
    (b"ZZ", b"1"),
    (b"AA", b"a  b"),
    (b"zz", b"2"),
    (b"Accept-Language", b"de, en;q=0.5"),
    (b"Sec-Fetch-Mode", b"navigate"),
    (b"Sec-CH-UA", b'"Chromium";v="140", "Not)A;Brand";v="8"'),
]


def test_header_bytes_arrive_as_they_were_sent(proxy: Proxy) -> None:
    one = proxy.delivery()
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in SENT)
    path = f"/o/{proxy.edge.message(one)}".encode()
    assert proxy.ask(b"GET " + path + b" HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n" + lines + b"\r\n")[0] == 200
    (event,) = proxy.events_of(one)
    assert event.request is not None
    came = [each for each in event.request.headers if each[0].lower() not in (b"host", b"x-forwarded-for")]
    if proxy.name == "caddy":  # spells and sorts names its own way, and nothing more
        assert sorted((name.lower(), value) for name, value in came) == sorted((n.lower(), v) for n, v in SENT)
    else:
        assert came == SENT


def test_nothing_is_added_that_looks_like_the_reader_s(proxy: Proxy) -> None:
    """No user agent and no encoding is evidence too."""
    one = proxy.delivery()
    proxy.get(f"/o/{proxy.edge.message(one)}")
    (event,) = proxy.events_of(one)
    assert event.request is not None
    assert {name.lower() for name, _ in event.request.headers} <= {b"host", b"x-forwarded-for"}


@every(
    "tail", ["?a=%7e&b=;c=%zz&&x=+", "/%41%2f..//B/./c;x=1", "/..%2F..//", "//", "%20", "/A/a/%e2%82%ac?%00", "?//../"]
)
def test_a_path_arrives_byte_for_byte(proxy: Proxy, tail: str) -> None:
    one = proxy.delivery()
    path = proxy.edge.click(one) + tail
    proxy.get(path)
    assert [event.request.path for event in proxy.events_of(one) if event.request] == [path.encode()]


@every("method", ["HEAD", "GET"])
def test_a_head_stays_a_head(proxy: Proxy, method: str) -> None:
    one = proxy.delivery()
    status, headers, body = proxy.get(f"/o/{proxy.edge.message(one)}", method=method)
    assert (status, headers["content-type"], len(body)) == (200, "image/gif", 0 if method == "HEAD" else len(GIF))
    assert [event.request.method for event in proxy.events_of(one) if event.request] == [method]


def test_headers_of_answers_arrive(proxy: Proxy) -> None:
    _, headers, _ = proxy.get(f"/o/{proxy.edge.message(proxy.delivery())}")
    assert headers["cache-control"] == "no-store, no-cache, max-age=0, must-revalidate, private"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'"
    if proxy.name != "haproxy":
        assert headers["strict-transport-security"] == "max-age=31536000"


def test_readers_may_speak_http_2(proxy: Proxy) -> None:
    one, curl = proxy.delivery(), shutil.which("curl")
    if curl is None:
        pytest.skip("no proxy: curl is not installed, so nobody spoke HTTP/2")
    address = f"https://{HOST}:{proxy.port}{proxy.edge.click(one)}"
    words = ["-sS", "--http2", "--path-as-is", "--interface", READER, "--cacert", str(proxy.folder / "cert.pem")]
    words += ["--resolve", f"{HOST}:{proxy.port}:127.0.0.1", "-o", "/dev/null", "-A", AGENT]
    words += ["-w", "%{http_version} %{http_code} %{redirect_url}"]
    done = subprocess.run([curl, *words, address], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == f"{'1.1' if proxy.name == 'haproxy' else '2'} 302 {TARGET}"
    (event,) = proxy.events_of(one)
    assert event.request is not None
    assert (event.request.peer, event.request.path.decode()) == (READER, proxy.edge.click(one))


@every("host", ["evil.example.com", "evil.example.com:443", f"{HOST}.evil.example.com"])
def test_another_host_is_not_answered_for(proxy: Proxy, host: str) -> None:
    one = proxy.delivery()
    status, headers, _ = proxy.ask(f"GET {proxy.edge.click(one)} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert (status, headers.get("location")) == (421, None)
    assert proxy.events_of(one) == []


HIDDEN = {
    "length, then coding": "Content-Length: {whole}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}",
    "coding, then length": "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{inner}",
    "an unknown coding": "Transfer-Encoding: xchunked\r\nContent-Length: {whole}\r\n\r\n0\r\n\r\n{inner}",
    "two codings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{inner}",
    "two lengths": "Content-Length: 0\r\nContent-Length: {part}\r\n\r\n{inner}",
    "a signed length": "Content-Length: +{part}\r\n\r\n{inner}",
    "a folded coding": "Transfer-Encoding:\r\n chunked\r\nContent-Length: {whole}\r\n\r\n0\r\n\r\n{inner}",
    "a space before the colon": "Transfer-Encoding : chunked\r\nContent-Length: {whole}\r\n\r\n0\r\n\r\n{inner}",
    "a bare line feed": "X: y\nTransfer-Encoding: chunked\r\nContent-Length: {whole}\r\n\r\n0\r\n\r\n{inner}",
}


@every("shape", HIDDEN.values(), ids=HIDDEN.keys())
def test_no_request_can_be_hidden_in_another(proxy: Proxy, shape: str) -> None:
    """What one side takes for a body and the other for a request would be answered without the proxy knowing."""
    one, two = proxy.delivery(), proxy.delivery()
    inner = f"GET {proxy.edge.click(two)} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    head = f"POST /u/{proxy.edge.message(one, Purpose.UNSUBSCRIBE_HEADER)} HTTP/1.1\r\nHost: {HOST}\r\n{FORM}\r\n"
    came = b""
    with proxy.line() as line, contextlib.suppress(ConnectionResetError, ssl.SSLError):
        line.sendall((head + shape.format(whole=5 + len(inner), part=len(inner), inner=inner)).encode())
        while part := line.recv(65_536):
            came += part
    known = len(re.findall(rb"HTTP/1\.1 \d", came))
    assert known >= 1
    assert len(proxy.events_of(two)) <= known - 1


def test_what_is_too_long_is_refused_on_the_way(proxy: Proxy) -> None:
    one = proxy.delivery()
    path = f"/u/{proxy.edge.message(one, Purpose.UNSUBSCRIBE_HEADER)}"
    limits = EdgeSettings()
    assert proxy.get(path, FORM, method="POST", body=ONE_CLICK.ljust(limits.max_body_bytes + 1, b"&"))[0] == 413
    cookies = [f"Cookie: {'c' * 20_000}"] * 4
    assert proxy.get(f"/o/{proxy.edge.message(one)}", *cookies)[0] in (400, 414, 431)
    assert proxy.events_of(one) == []


def test_a_long_link_within_the_limits_goes_through(proxy: Proxy) -> None:
    one = proxy.delivery()
    assert proxy.get(f"{proxy.edge.click(one)}?{'q' * 24_000}", f"Cookie: {'c' * 20_000}")[0] == 302
    assert len(proxy.events_of(one)) == 1


def seconds(text: str, name: str) -> float:
    """The time that a configuration gives something."""
    return float(re.findall(rf"\b{name} (\d+)s", text)[-1])


@pytest.mark.parametrize(
    ("language", "as_long", "shorter", "longer"),
    [
        (
            "nginx",
            ("client_header_timeout", "client_body_timeout"),
            r"upstream[^}]*keepalive_timeout",
            "proxy_read_timeout",
        ),
        ("caddyfile", ("read_header", "read_body"), "keepalive", "response_header_timeout"),
    ],
)
def test_the_times_that_are_printed_fit_those_of_the_edge(
    language: str, as_long: tuple[str, ...], shorter: str, longer: str
) -> None:
    """As long for a request; less for an idle line, so that the edge never closes one that the proxy would use."""
    limits, (text, *_) = EdgeSettings(), printed(language)
    assert [seconds(text, name) for name in as_long] == [limits.request_timeout_seconds] * len(as_long)
    assert seconds(text, shorter) < limits.idle_timeout_seconds
    assert seconds(text, longer) > limits.request_timeout_seconds


def test_a_proxy_that_only_passes_bytes_waits_longer_than_the_edge() -> None:
    (text,) = printed("haproxy")
    for side in ("client", "server"):
        assert seconds(text, f"timeout {side}") > EdgeSettings().idle_timeout_seconds


def test_while_the_edge_is_away_readers_are_asked_to_come_again(proxy: Proxy) -> None:
    one = proxy.delivery()
    path = f"/u/{proxy.edge.message(one, Purpose.UNSUBSCRIBE_HEADER)}"
    asked = [
        (proxy.edge.click(one), "GET", b""),
        (f"/o/{proxy.edge.message(one)}", "GET", b""),
        (path, "POST", ONE_CLICK),
    ]
    proxy.edge.stop()
    try:
        for where, method, body in asked:
            status, headers, _ = proxy.get(where, FORM, f"User-Agent: {AGENT}", method=method, body=body)
            if proxy.name == "haproxy":
                assert status == 0  # the line is closed
            else:
                assert (status, headers["retry-after"], headers.get("location")) == (503, "30", None)
    finally:
        proxy.edge.start()
    assert proxy.get(path, FORM, method="POST", body=ONE_CLICK)[0] == 200
    assert [event.type for event in proxy.events_of(one)] == [EventType.UNSUBSCRIBED]


def test_no_file_of_the_proxy_holds_token_address_or_user_agent(proxy: Proxy) -> None:
    """Also not of what goes wrong: the other tests have seen to that before, and this one adds its own."""
    one = proxy.delivery()
    message, path = proxy.edge.message(one), proxy.edge.click(one)
    secrets = [message, path.rpartition("/")[2], READER, AGENT, "kestrel"]
    agent = f"User-Agent: {AGENT}"
    proxy.get(path, agent)
    proxy.get(f"{path}/%zz%00", agent)
    proxy.get(path, agent, f"Cookie: {'c' * 70_000}")
    proxy.ask(f"GET {path} HTTP/9.9\r\nHost: {HOST}\r\n{agent}\r\n\r\n".encode())
    proxy.ask(f"BREW {path} HTTP/1.1\r\nHost: evil.example.com\r\n{agent}\r\n\r\n".encode())
    with proxy.line() as line:  # gone before the answer
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{agent}\r\nContent-Length: 99\r\n\r\nx".encode())
    proxy.edge.stop()
    proxy.get(path, agent)
    proxy.edge.start()
    assert proxy.get(path, agent)[0] == 302
    for file, text in proxy.written().items():
        if "/edge/" not in file:
            assert not [secret for secret in secrets if secret in text], file


def test_nginx_says_who_asks_before_any_http(tmp_path: Path) -> None:
    """Version 1 of the PROXY protocol, from the program that most people have."""
    with running("stream", tmp_path) as proxy:
        one = proxy.delivery()
        assert proxy.get(f"/o/{proxy.edge.message(one)}", "X-Forwarded-For: 6.6.6.6")[0] == 200
        assert [event.request.peer for event in proxy.events_of(one) if event.request] == [READER]
        with socket.create_connection(("127.0.0.1", proxy.edge.port), timeout=20) as direct:
            direct.sendall(f"GET {proxy.edge.click(one)} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            with contextlib.suppress(ConnectionResetError):
                assert direct.recv(1) == b""  # from a proxy's network, nothing goes without the header
        assert len(proxy.events_of(one)) == 1
