"""A provider on loopback that says whatever a test wants it to say, and signs with what it wants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from mailwake.oidc.checking import Identity
from mailwake.oidc.flow import Client, Flow
from mailwake.oidc.provider import Provider
from mailwake.oidc.wire import Wire

CLIENT = "mailwake"
REDIRECT = "http://127.0.0.1:8026/login/oidc/callback"
RSA = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
EC = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"}, private=True)


class Hostile:
    """The provider; its attributes are what it says."""

    def __init__(self, url: str) -> None:
        self.url = self.issuer = url
        self.metadata: dict[str, Any] = {}
        self.keys: list[dict[str, Any]] = [RSA.as_dict(private=False), EC.as_dict(private=False)]
        self.keys_asked = 0
        self.codes = {"code"}
        self.forms: list[dict[str, str]] = []
        self.authorization: list[str | None] = []
        self.token: Callable[[], Any] = lambda: ""
        self.status = 200

    def claims(self, nonce: str, /, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT, "sub": "ann-1", "nonce": nonce, "iat": now, "exp": now + 300}
        told |= {"email": "Ann@Example.com", "email_verified": True, "groups": ["mail", "all"], **more}
        return {name: value for name, value in told.items() if value is not ...}

    def sign(self, claims: dict[str, Any], key: RSAKey | ECKey | OctKey = RSA, **header: str) -> None:
        """Say this next."""
        told = {"alg": "RS256", "kid": "one", **header}
        token = jwt.encode(told, claims, key, algorithms=[told["alg"]])
        self.token = lambda: token

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            doors = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            told = {name: f"{self.url}/{door}" for name, door in doors.items()}
            return 200, {"issuer": self.issuer, **told, **self.metadata}
        if path == "/keys":
            self.keys_asked += 1
            return 200, {"keys": self.keys}
        if path == "/token":
            self.forms.append(form)
            if form["code"] not in self.codes:
                return 400, {"error": "invalid_grant"}
            self.codes.remove(form["code"])
            return self.status, {"access_token": "x", "token_type": "Bearer", "id_token": self.token()}
        return 404, {}

    def flow(self, **more: Any) -> Flow:
        wall = more.pop("wall", time.time)
        clock = more.pop("clock", time.monotonic)
        client = Client(**{"id": CLIENT, "secret": "s3cret", "redirect_uri": REDIRECT, **more})
        return Flow(Provider(self.issuer, Wire(), clock=clock), client, key=b"k" * 32, wall=wall)


class LogIn:
    """One browser's way out; what is in the address it is sent to."""

    def __init__(self, flow: Flow, back_to: str = "/") -> None:
        self.flow = flow
        self.uri, self.cookie = flow.begin(back_to)
        self.query = dict(parse_qsl(urlsplit(self.uri).query))
        self.nonce = self.query["nonce"]

    def back(self, **answer: str) -> tuple[Identity, str]:
        """The way back, as it should be but for what is given."""
        told = {"code": "code", "state": self.query["state"], **answer}
        return self.flow.finish({name: value for name, value in told.items() if value != "-"}, self.cookie)


@contextmanager
def running() -> Iterator[Hostile]:
    """The provider on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.authorization.append(self.headers["Authorization"])
            self._say({name: values[0] for name, values in parse_qs(body).items()})

        def _say(self, form: dict[str, str]) -> None:
            status, told = provider.answer(urlsplit(self.path).path, form)
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{provider.url}/keys")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Hostile(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
