"""A small web on loopback: what each path answers, and what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Page:
    """What a path answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"page"
    #: methods that are answered with 405
    refuses: frozenset[str] = frozenset()
    #: waits for this before it answers
    waits_for: threading.Event | None = None
    #: methods that wait for it
    keeps: frozenset[str] = frozenset(("HEAD", "GET", "POST"))


@dataclass
class Web:
    """A server that runs."""

    port: int
    pages: dict[str, Page]
    #: (method, path, headers in lower case, body)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    scheme: str = "http"
    #: what paths that are not among the pages answer; None: 404
    default: Callable[[str], Page | None] = lambda _: None

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def web(pages: dict[str, Page], *, trust: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serve pages; a path that is not there answers 404."""
    found = Web(0, pages)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append((self.command, self.path, headers, body))
            page = pages.get(self.path) or found.default(self.path) or Page(404)
            if page.waits_for and self.command in page.keeps:
                page.waits_for.wait(20)
            self.send_response(405 if self.command in page.refuses else page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in page.headers:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page.body)

        do_GET = do_HEAD = do_POST = answer  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that hang up are what is tested."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if trust is not None:
            server.socket = trust.wrap_socket(server.socket, server_side=True)
            found.scheme = "https"
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            for page in pages.values():
                if page.waits_for:
                    page.waits_for.set()
            server.shutdown()
            thread.join()


Lookup = Callable[[str, int], list[str]]


def home(_host: str, _port: int) -> list[str]:
    """Every name leads to loopback."""
    return ["127.0.0.1"]


def certificate(folder: Path, *names: str, days: tuple[float, float] = (-1, 1)) -> ssl.SSLContext:
    """A server's context with a certificate for some names, which is left in cert.pem; it holds from day to day."""
    key = ec.generate_private_key(ec.SECP256R1())
    who, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(1).not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
