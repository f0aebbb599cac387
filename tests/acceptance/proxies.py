"""Real proxies with the configurations that docs/howto/tls.md prints, in front of a real edge process."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.silence import write_set

from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, decode_event
from mailwake.modes import INDIVIDUAL
from mailwake.settings import load
from mailwake.tokens import LinkToken, MessageToken, Minter, Purpose, format_key, new_key

HOST = "track.example.com"
TARGET = "https://www.example.com/offer?a=1&b=2"
#: Where readers come from; another address of this machine than the one that proxies have.
READER = "127.0.0.77"
PAGE = Path(__file__).parents[2] / "docs" / "howto" / "tls.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What stands in the configurations for this machine's own ports and paths.
_LAST = 'trusted_proxies = ["127.0.0.1/32"]\n'
_PORT, _CERTIFICATE, _KEY = "8025", "/etc/ssl/track.example.com.pem", "/etc/ssl/track.example.com.key"


def printed(language: str) -> list[str]:
    """The blocks of one language, as the page prints them."""
    return [text for found, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")) if found == language]


def with_own(text: str, own: Mapping[str, str]) -> str:
    """A configuration with this machine's ports and paths; each has to stand in it."""
    for theirs, ours in own.items():
        assert theirs in text, f"the page no longer says {theirs!r}"
        text = text.replace(theirs, ours)
    return text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certify(folder: Path) -> None:
    """A self-signed certificate for the tracking host: cert.pem, key.pem, and both in both.pem."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    public = certificate.public_bytes(serialization.Encoding.PEM)
    for file, content in (("cert.pem", public), ("key.pem", secret), ("both.pem", public + secret)):
        (folder / file).write_bytes(content)


@dataclass
class Edge:
    """`mailwake edge` on a port that it keeps, with the settings of the page."""

    folder: Path
    port: int
    child: subprocess.Popen[str] | None = None

    def configure(self, *tables: str) -> None:
        text = with_own("\n".join(tables), {f"port = {_PORT}": f"port = {self.port}"})
        (self.folder / "mailwake.toml").write_text(text, encoding="utf-8")
        write_set(self.folder / "mailwake-data" / "inert.bin")
        (self.folder / "mailwake.keys").write_text(format_key(1, new_key(), date(2026, 1, 1)), encoding="utf-8")

    def start(self) -> None:
        program = [sys.executable, "-m", "mailwake", "edge"]
        self.child = subprocess.Popen(program, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout is not None
        assert self.child.stdout.readline().startswith("edge listening on ")

    def stop(self) -> None:
        if self.child is not None:
            self.child.send_signal(signal.SIGTERM)
            self.child.communicate(timeout=30)
            self.child = None

    def events(self) -> list[Event]:
        reader = SqliteReader(self.folder / "mailwake-data" / "log")
        read = [decode_event(record) for segment in reader.read({}, limit_records=10**6) for record in segment.records]
        reader.close()
        return read

    def message(self, delivery: int, purpose: Purpose = Purpose.READ) -> str:
        """A fresh message part; every test asks for copies of its own."""
        token = MessageToken(INDIVIDUAL, 7, delivery, delivery, datetime.now(UTC).date())
        return self._minter.message(purpose, token)

    def click(self, delivery: int) -> str:
        return f"/c/{self.message(delivery)}/{self._minter.link(LinkToken(7, 3, TARGET))}"

    @property
    def _minter(self) -> Minter:
        return Minter(load(self.folder / "mailwake.toml").load_keys(), HOST)


@dataclass
class Proxy:
    """A proxy that runs, and the edge behind it."""

    name: str
    folder: Path
    port: int
    edge: Edge
    #: deliveries given out so far
    used: int = 0

    def delivery(self) -> int:
        self.used += 1
        return self.used

    def events_of(self, delivery: int) -> list[Event]:
        return [event for event in self.edge.events() if event.delivery == delivery]

    @contextmanager
    def line(self) -> Iterator[ssl.SSLSocket]:
        """A TLS connection of a reader that speaks HTTP/1.1."""
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        context.set_alpn_protocols(["http/1.1"])
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(READER, 0))
        with plain, context.wrap_socket(plain, server_hostname=HOST) as line:
            yield line

    def ask(self, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name and body of the answer to exactly these bytes; (0, {}, b"") for none."""
        with self.line() as line:
            line.sendall(raw)
            file = line.makefile("rb")
            try:
                status = file.readline()
            except ConnectionResetError:
                status = b""
            if not status:
                return 0, {}, b""
            headers = {}
            while (text := file.readline().decode("latin-1").strip()) != "":
                name, _, value = text.partition(":")
                headers[name.lower()] = value.strip()
            length = 0 if raw.startswith(b"HEAD") else int(headers.get("content-length", 0))
            return int(status.split()[1]), headers, file.read(length)

    def get(
        self, path: str, *headers: str, method: str = "GET", body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {HOST}",
            *headers,
            *([f"Content-Length: {len(body)}"] if body else []),
        ]
        return self.ask("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def written(self) -> dict[str, str]:
        """Everything that the proxy has written, by file."""
        theirs = {"cert.pem", "key.pem", "both.pem", "proxy.conf"}
        files = [each for each in self.folder.rglob("*") if each.is_file() and each.name not in theirs]
        return {str(each): each.read_text(encoding="utf-8", errors="replace") for each in files}


def nginx_config(folder: Path, port: int, edge: int) -> str:
    own = {
        f"127.0.0.1:{_PORT}": f"127.0.0.1:{edge}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        _CERTIFICATE: str(folder / "cert.pem"),
        _KEY: str(folder / "key.pem"),
        "/var/log/nginx": str(folder),
    }
    # the page says nothing of the files outside its block: there, everything is logged
    return f"""
        pid {folder}/pid; error_log {folder}/error.log info; daemon off;
        events {{}}
        http {{
            access_log {folder}/access.log;
            client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
            uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
            {with_own(printed("nginx")[0], own)}
        }}
    """


def caddy_config(folder: Path, port: int, edge: int) -> str:
    own = {
        f"127.0.0.1:{_PORT}": f"127.0.0.1:{edge}",
        f"\n{HOST} {{\n": f"\nhttps://{HOST}:{port} {{\n\ttls {folder}/cert.pem {folder}/key.pem\n",
        "{\n\tlog {": "{\n\tadmin off\n\tauto_https off\n\tlog {",
    }
    return with_own(printed("caddyfile")[0], own)


def haproxy_config(folder: Path, port: int, edge: int) -> str:
    own = {
        f"127.0.0.1:{_PORT}": f"127.0.0.1:{edge}",
        "bind :443": f"bind 127.0.0.1:{port}",
        "/etc/ssl/track.example.com.both.pem": str(folder / "both.pem"),
    }
    return with_own(printed("haproxy")[0], own)


def stream_config(folder: Path, port: int, edge: int) -> str:
    """nginx that passes bytes on and says who asks with version 1 of the PROXY protocol."""
    module = next(Path("/usr/lib/nginx/modules").glob("ngx_stream_module.so"), None)
    return f"""
        {f"load_module {module};" if module else ""}
        pid {folder}/pid; error_log {folder}/error.log emerg; daemon off;
        events {{}}
        stream {{
            server {{
                listen 127.0.0.1:{port} ssl;
                ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
                proxy_pass 127.0.0.1:{edge};
                proxy_protocol on;
            }}
        }}
    """


class Kind(NamedTuple):
    """How a proxy is started."""

    program: str
    make: Callable[[Path, int, int], str]
    arguments: tuple[str, ...]
    #: whether the edge expects the PROXY protocol
    announces: bool = False


_NGINX = ("-c", "{conf}", "-p", "{folder}", "-e", "{folder}/first.log")
KINDS = {
    "nginx": Kind("nginx", nginx_config, _NGINX),
    "caddy": Kind("caddy", caddy_config, ("run", "--config", "{conf}", "--adapter", "caddyfile")),
    "haproxy": Kind("haproxy", haproxy_config, ("-W", "-f", "{conf}"), announces=True),
    "stream": Kind("nginx", stream_config, _NGINX, announces=True),
}


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Proxy]:
    """A proxy in front of an edge; skips, loudly, where the program is not installed."""
    how = KINDS[kind]
    program = shutil.which(how.program)
    if program is None:
        pytest.skip(f"no proxy: {how.program} is not installed")
    certify(folder)
    home = folder / "edge"
    home.mkdir()
    edge = Edge(home, free_port())
    settings = printed("toml")
    edge.configure(
        with_own(settings[0], {_LAST: settings[1].removeprefix("[edge]\n")}) if how.announces else settings[0]
    )
    port = free_port()
    (folder / "proxy.conf").write_text(how.make(folder, port, edge.port), encoding="utf-8")
    words = [word.format(conf=folder / "proxy.conf", folder=folder) for word in how.arguments]
    if kind == "stream" and subprocess.run([program, "-t", *words], capture_output=True, check=False).returncode:
        pytest.skip("no proxy: this nginx has no stream module, so nobody tried version 1 of the PROXY protocol")
    edge.start()
    environment = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "PATH": "/usr/bin",
    }
    with (folder / "printed.log").open("w") as log:
        child = subprocess.Popen([program, *words], stdout=log, stderr=log, cwd=folder, env=environment)
        try:
            _wait_for(port, child, folder)
            yield Proxy(kind, folder, port, edge)
        finally:
            child.terminate()
            child.wait(20)
            edge.stop()


def _wait_for(port: int, child: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        assert child.poll() is None, (folder / "printed.log").read_text(encoding="utf-8")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the proxy does not listen")
