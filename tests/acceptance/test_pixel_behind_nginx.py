"""The pixel given out by a real nginx, configured by the how-to: the same events as from the edge itself.

Every request goes to both, byte for byte; nginx's access log is read by the command; what the two sequences of the log
hold is compared, and so is the evidence that the pipeline takes from it.
"""

import base64
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.silence import write_set

from mailwake.accesslog.cloudfront import WRITING
from mailwake.accesslog.columns import Columns
from mailwake.cli.ingest_access_log import command
from mailwake.cli.work import AGENT_KEY, NETWORK_KEY
from mailwake.edge.pixel import GIF
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, decode_event
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.settings import Settings, load
from mailwake.tokens import MessageToken, Minter, Purpose, format_key, new_key

HOST = "track.example.com"
PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "cdn.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
DELIVERABILITY = Modes(opens=Mode.DELIVERABILITY, clicks=Mode.AGGREGATE)
#: handle of a recipient who wants no tracking
WITHDRAWN = 166
CHROME = (
    b"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    b'Safari/537.36\r\nAccept-Language: de, en;q=0.9\r\nSec-Fetch-Mode: no-cors\r\nsec-ch-ua: "Chromium";v="142", '
    b'"Not_A Brand";v="99"\r\nsec-ch-ua-mobile: ?0\r\n'
)
#: nginx answers what it does not know of itself, and writes its files where it is told.
AROUND = """
daemon off; pid nginx.pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
{text}
}}
"""


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    (tmp_path / "mailwake.keys").write_text(format_key(1, new_key(), date(2026, 1, 1)), encoding="utf-8")
    config = tmp_path / "mailwake.toml"
    write_set(tmp_path / "mailwake-data" / "inert.bin", WITHDRAWN)
    config.write_text(f'[tracking]\nbase_url = "https://{HOST}"\n[edge]\nport = 0\n', encoding="utf-8")
    return load(config)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def nginx(folder: Path, *, text: str) -> Iterator[tuple[int, Path]]:
    """The how-to's configuration, with ports and paths of the test's; gives port and access log."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if program is None:
        pytest.skip("no nginx")
    port, log = free_port(), folder / "pixel.log"
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/var/log/mailwake/pixel.log", str(log))
    (folder / "nginx.conf").write_text(AROUND.format(text=text), encoding="utf-8")
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(200):
            with socket.socket() as line:
                if not line.connect_ex(("127.0.0.1", port)):
                    break
            assert process.poll() is None, "nginx refuses the configuration of the how-to"
            time.sleep(0.05)
        yield port, log
    finally:
        process.terminate()  # which also writes out what is in its buffers
        process.wait(30)


@contextmanager
def edge(folder: Path) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mailwake", "edge"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r":(\d+)$", process.stdout.readline().strip())
        assert found
        yield int(found[1])
    finally:
        process.terminate()
        process.communicate(timeout=60)


def ask(port: int, path: str, *, method: str, host: str, headers: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        start = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        line.sendall(start.encode() + headers + b"\r\n")
        return b"".join(iter(lambda: line.recv(65_536), b""))


def token(
    house: Settings, modes: Modes = INDIVIDUAL, *, number: int = 1, age_days: int = 0, to: Purpose = Purpose.READ
) -> str:
    minter = Minter(house.load_keys(), HOST)
    who = (0, 0) if modes is AGGREGATE else (number, number + 100)
    issued = date.today() - timedelta(days=age_days)  # noqa: DTZ011 - a day more or less
    return f"/o/{minter.message(to, MessageToken(modes, 7, *who, issued))}"


def requests(house: Settings) -> Iterator[tuple[str, str, str, bytes]]:
    """Method, path, host, headers: everything that the two could see differently."""
    good = token(house)
    yield "GET", good, HOST, CHROME
    yield "HEAD", good, HOST, CHROME
    yield "GET", f"{good}?a=b&c=%20", HOST, b"User-Agent: Mail/1.0\r\n"
    yield "GET", good, f"{HOST.upper()}:8080", b"User-Agent: -\r\n"
    yield "GET", good, HOST, b""
    yield "GET", good, HOST, b'User-Agent: say "hi" \\ back\\x22\r\nAccept-Language:\r\n'
    yield "GET", good, HOST, b"User-Agent: caf\xe9 \xc3\xa9 \xf0\x9f\x93\xa7\r\n"
    yield (
        "GET",
        good,
        HOST,
        b"User-Agent: Mozilla/5.0\r\nPurpose: prefetch\r\nX-Moz: prefetch\r\n",
    )
    yield "GET", good, HOST, b"User-Agent: OneOutlook/1.2023\r\nX-Native-Host: OneOutlook/1\r\nX-Purpose: preview\r\n"
    yield "GET", good, HOST, b"If-Modified-Since: Mon, 23 Nov 2037 06:00:00 GMT\r\nRange: bytes=0-0\r\n"
    yield "GET", token(house, AGGREGATE), HOST, CHROME
    yield "HEAD", token(house, AGGREGATE), HOST, CHROME
    yield "GET", token(house, AGGREGATE), HOST, CHROME
    yield "GET", token(house, DELIVERABILITY, number=3), HOST, CHROME
    yield "GET", token(house, Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL)), HOST, CHROME
    yield "GET", token(house, number=4, age_days=399), HOST, CHROME
    yield "GET", token(house, number=5, age_days=402), HOST, CHROME
    yield "GET", token(house, number=WITHDRAWN - 100), HOST, CHROME
    yield "GET", token(house, to=Purpose.UNSUBSCRIBE_HEADER), HOST, CHROME
    yield "GET", f"{good}x", HOST, CHROME
    yield "POST", good, HOST, CHROME + b"Content-Length: 0\r\n"
    yield "GET", good, "elsewhere.example.com", CHROME


def written(house: Settings, writer: str) -> list[Event]:
    reader = SqliteReader(house.data_folder / "log")
    segments = reader.read({}, limit_records=10_000)
    reader.close()
    return [decode_event(record) for each in segments if each.writer == writer for record in each.records]


def ingest(house: Settings, log: Path) -> None:
    command([log], config=str(house.root / "mailwake.toml"))


def told(event: Event) -> tuple[object, ...]:
    request = event.request
    asked = request and (request.method, request.path, request.peer)
    return (event.type, event.template, event.delivery, event.recipient, event.link, event.modes, event.note, asked)


def test_the_same_requests_give_the_same_events_and_the_same_evidence(house: Settings) -> None:
    with nginx(house.root, text=BLOCKS[0]) as (front, log), edge(house.root) as own:
        for method, path, host, headers in requests(house):
            answers = [ask(port, path, method=method, host=host, headers=headers) for port in (own, front)]
            if method != "POST" and host != "elsewhere.example.com":
                assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200", b"200"]
                assert answers[1].partition(b"\r\n\r\n")[2].startswith(b"GIF89a" if method == "GET" else b"")
    program = [sys.executable, "-m", "mailwake", "ingest-access-log", str(log)]
    subprocess.run(program, cwd=house.root, check=True)
    ours, theirs = written(house, "edge-0"), written(house, "access-log")
    assert len(ours) > 10
    assert [told(event) for event in theirs] == [told(event) for event in ours]
    keys = house.load_keys()
    networks = Networks(house.enrich, keys.derive(NETWORK_KEY), root=house.root)
    evidence = EvidenceReader(networks, keys.derive(AGENT_KEY))
    for one, other in zip(ours, theirs, strict=True):
        assert evidence.traits(other.request, at=one.received_at) == evidence.traits(one.request, at=one.received_at)
        assert abs(other.received_at - one.received_at) < 86_400_000_000, "a day, where the mode keeps no more"


def test_reading_while_nginx_goes_on_writing_loses_nothing_and_counts_nothing_twice(
    house: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with nginx(house.root, text=BLOCKS[0].replace("buffer=64k flush=1s", "")) as (front, log):
        for number in range(1, 31):
            ask(front, token(house, number=number), method="GET", host=HOST, headers=CHROME)
            if number % 10 == 0:
                ingest(house, log)
    assert [event.delivery for event in written(house, "access-log")] == [*range(1, 31)]
    ingest(house, log)
    assert capsys.readouterr().out.splitlines()[-1] == "files 1 · lines 30 · known 30"


def test_the_format_for_counting_holds_nothing_of_anybody_and_counts_the_same(house: Settings) -> None:
    text = BLOCKS[1] + BLOCKS[0].replace("pixel.log mailwake_pixel", "pixel.log mailwake_count")
    with nginx(house.root, text=text) as (front, log), edge(house.root) as own:
        for port in (front, own):
            for method in ("GET", "GET", "HEAD", "GET"):
                ask(port, token(house, AGGREGATE), method=method, host=HOST, headers=CHROME)
    content = log.read_text(encoding="utf-8")
    assert "127.0.0.1" not in content
    assert "Mozilla" not in content
    ingest(house, log)
    ours, theirs = written(house, "edge-0"), written(house, "access-log")
    assert [told(event) for event in theirs] == [told(event) for event in ours]
    assert len(theirs) == 3


def test_the_picture_in_the_how_to_is_the_one_the_edge_gives_out() -> None:
    pictures = re.findall(r"'(R0lGOD[^']*)'|\"(R0lGOD[^\"]*)\"", PAGE)
    assert [base64.b64decode(one or other) for one, other in pictures] == [GIF, GIF]


def test_the_fields_that_the_how_to_asks_of_cloudfront_are_enough() -> None:
    rows = re.findall(r"\| `(timestamp\(ms\) [^`]*)` \|", PAGE)
    assert len(rows) == 2
    assert [Columns(row.split(), WRITING).problem for row in rows] == ["", ""]
