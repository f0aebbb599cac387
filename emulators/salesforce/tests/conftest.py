"""An org for each test, and somebody who asks it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from salesforce_emulator import Emulator, Org, Settings
from salesforce_emulator.clock import Clock, read_datetime

VERSION = "67.0"
INTEGRATION, ADMIN = "integration@example.com", "admin@example.com"


@cache
def signing_key(number: int) -> rsa.RSAPrivateKey:
    """Keys take long to make; a run makes each once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def assertion(key: rsa.RSAPrivateKey, claims: dict[str, Any], *, alg: str = "RS256") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"alg": alg}, claims)]
    signed = key.sign(b".".join(parts), padding.PKCS1v15(), hashes.SHA256())
    return b".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=")]).decode()


#: What a test opened; closed after it, because a forgotten socket is a failure of its own.
OPENED: list[httpx2.Client] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


class Api:
    """Asks an org over HTTP, as one user."""

    def __init__(self, emulator: Emulator, username: str = INTEGRATION, version: str = VERSION) -> None:
        self.emulator, self.org, self.version = emulator, emulator.org, version
        self.client = httpx2.Client(base_url=emulator.url, timeout=30, verify=False, trust_env=False)
        OPENED.append(self.client)
        self.order("app", client_id=f"app {username}", client_secret="secret", run_as=username)
        answered = self.client.post(
            "/services/oauth2/token",
            data={"grant_type": "client_credentials", "client_id": f"app {username}", "client_secret": "secret"},
        )
        self.token = answered.json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"

    def order(self, name: str, /, **told: Any) -> Any:
        answered = self.client.post(f"/__emu/{name}", json=told)
        assert answered.status_code == 200, answered.text
        return answered.json()

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        target = path if path.startswith("/services") else f"/services/data/v{self.version}{path}"
        if body is not None:
            more["json"] = body
        return self.client.request(method, target, **more)

    def good(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answered = self.ask(method, path, body, **more)
        assert answered.status_code < 300, f"{answered.status_code} {answered.text}"
        return answered.json() if answered.content else None

    def refused(self, status: int, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        answered = self.ask(method, path, body, **more)
        assert answered.status_code == status, f"{answered.status_code} {answered.text}"
        (one,) = answered.json()
        return dict(one)

    def create(self, sobject: str, **values: Any) -> str:
        return str(self.good("POST", f"/sobjects/{sobject}", values)["id"])

    def read(self, record_id: str, *fields: str) -> dict[str, Any]:
        found = self.org.schema.of_id(record_id)
        assert found
        told = self.good(
            "GET", f"/sobjects/{found.name}/{record_id}", params={"fields": ",".join(fields)} if fields else None
        )
        return dict(told)

    def query(self, text: str, *, every: bool = False) -> list[dict[str, Any]]:
        told = self.good("GET", "/queryAll" if every else "/query", params={"q": text})
        records = list(told["records"])
        while not told["done"]:
            told = self.good("GET", told["nextRecordsUrl"])
            records += told["records"]
        return records

    def column(self, text: str) -> list[Any]:
        """The first column of a query."""
        return [list(row.values())[1] for row in self.query(text)]

    def snapshot(self, **params: str) -> bytes:
        return self.client.get("/__emu/snapshot", params=params).content


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(Org(clock=Clock(read_datetime("2026-11-26T12:00:00Z")))) as one:
        yield one


def running(org: Org) -> Emulator:
    return Emulator(org)


@pytest.fixture
def person_org() -> Iterator[Api]:
    with running(Org(Settings(has_person_accounts=True), clock=Clock(read_datetime("2026-11-26T12:00:00Z")))) as one:
        yield Api(one)


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    """An org whose tests asked for nothing that it does not do."""
    one = Api(emulator)
    yield one
    assert emulator.org.unknown == []


@pytest.fixture
def stray(emulator: Emulator) -> Api:
    """For tests that ask for what is not emulated."""
    return Api(emulator)
