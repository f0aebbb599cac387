"""A dashboard with accounts over the stores of the other page tests, asked by browsers with cookies and by programs."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
from tests.web.conftest import NOW, Asking

from mailwake.access import passwords
from mailwake.access.accounts import Arrival
from mailwake.access.actors import Actor
from mailwake.access.gate import Gate
from mailwake.access.roles import roles
from mailwake.entrance import coming, managing
from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.serving.entry import Door
from mailwake.settings import parse
from mailwake.store.access import AccessStore, User, open_access
from mailwake.web.app import create_app

PASSWORD = "wool weather and warm tea"
OURS = {"Sec-Fetch-Site": "same-origin"}


def kept_password() -> str:
    """Hashed once by each hasher: it takes a tenth of a second each time."""
    return _kept_by(passwords._hasher)


@cache
def _kept_by(_hasher: object) -> str:
    return passwords.hashed(PASSWORD)


@dataclass
class Act:
    """What a recorder took down."""

    actor: Actor
    action: str
    object: str
    outcome: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass
class Notes:
    """A recorder that keeps what it takes down."""

    acts: list[Act] = field(default_factory=list)

    def record(self, *, at: Micros, **told: Any) -> None:
        assert at > 0
        self.acts.append(Act(**{"before": None, "after": None, **told}))

    def said(self) -> list[tuple[str, str]]:
        return [(act.action, act.outcome) for act in self.acts]


@dataclass
class Clock:
    """Both clocks of an installation, moved by hand."""

    micros: int = int(NOW)
    seconds: float = 1_000.0

    def later(self, seconds: float) -> None:
        self.micros += round(seconds * 1_000_000)
        self.seconds += seconds


@dataclass
class House:
    """Who is in it, and how it is asked."""

    asking: Asking
    gate: Gate
    store: AccessStore
    notes: Notes
    clock: Clock

    def user(self, role: str, name: str = "") -> User:
        """Somebody with this role."""
        told = {"issuer": None, "subject": None, "created_at": NOW, "made_by": "test", "must_change": False}
        return self.store.add_user(name=name or f"{role}@office.example", role=role, password=kept_password(), **told)

    def session(self, user: User) -> "Browser":
        """A browser in which somebody is logged in."""
        return Browser(self, self.gate.accounts.begin(user, "password", Arrival()).token)

    def browser(self, token: str = "") -> "Browser":
        return Browser(self, token)


@dataclass
class Browser:
    """Keeps a cookie as browsers do, and sends what pages of ours send."""

    house: House
    token: str = ""

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self._asked(path, "GET", {"Sec-Fetch-Site": "same-origin", **headers})

    def post(
        self, path: str, form: Mapping[str, str] | None = None, *, method: str = "POST", **headers: str
    ) -> httpx2.Response:
        """A form as a page of this session sends it."""
        told = dict(form or {})
        actor = self.house.gate.accounts.known(self.token) if self.token else None
        if actor is not None:
            told.setdefault("form_token", actor.form_token)
        head = {**OURS, "Content-Type": "application/x-www-form-urlencoded", **headers}
        return self._asked(path, method, head, urlencode(told).encode())

    def log_in(self, name: str, password: str = PASSWORD, **form: str) -> httpx2.Response:
        return self.post("/login", {"name": name, "password": password, **form})

    def _asked(self, path: str, method: str, headers: Mapping[str, str], body: bytes = b"") -> httpx2.Response:
        name = self.house.gate.cookie
        told = {**headers, **({"Cookie": f"{name}={self.token}"} if self.token else {})}
        response = self.house.asking.get(path, headers=told, method=method, body=body)
        for cookie in response.headers.get_list("set-cookie"):
            found = re.match(rf'{name}="?([^;"]*)', cookie)
            assert found is not None or cookie.startswith("mailwake_zone=")
            self.token = found[1] if found else self.token
        return response


@contextmanager
def house_over(stores: Stores, folder: Path, **options: Any) -> Iterator[House]:
    """A dashboard whose accounts lie in a folder of their own."""
    clock, notes = Clock(), Notes()
    store = open_access(folder / "access.sqlite")
    clocks: dict[str, Any] = {"wall": lambda: clock.micros, "clock": lambda: clock.seconds}
    gate = Gate(store, recorder=notes, **clocks, **{"is_required": True, **options})
    door = Door(gate=gate, routers=(coming.router, managing.router))
    settings = parse({}, root=folder)
    app = create_app(stores, settings=settings, wall=lambda: NOW, door=door)
    try:
        yield House(Asking(app), gate, store, notes, clock)
    finally:
        store.close()


ROLES = tuple(roles())
