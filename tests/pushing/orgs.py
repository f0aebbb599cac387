"""An org that is emulated, with our package in it, and an installation beside it: real stores, a real socket."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.crm.house import NOW, House, open_house

from mailwake.crm.links import org_of
from mailwake.crm.telling import Scorer
from mailwake.orgpackage import deploying
from mailwake.orgpackage.deploying import deploy
from mailwake.orgpackage.packing import package_zip
from mailwake.pushing.desk import Desk, open_desk
from mailwake.salesforce.records import Org as Client
from mailwake.salesforce.wire import Around
from mailwake.settings import parse
from salesforce_emulator import Emulator, Org, Settings
from salesforce_emulator.clock import Clock, read_datetime

#: The same for every org that is made here.
vars(deploying)["package_zip"] = cache(package_zip)
USER, ADMIN, APP = "integration@example.com", "admin@example.com", "mailwake"


@cache
def pem() -> tuple[str, str]:
    """A key and its public half; making one takes long."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@dataclass
class Place:
    """An org, an installation, and the desk between them."""

    emulator: Emulator
    house: House
    desk: Desk
    #: seconds that somebody slept
    slept: list[float] = field(default_factory=list)

    @property
    def org(self) -> Client:
        """Asks the org as the installation does."""
        return self.desk.org

    def order(self, name: str, **told: Any) -> Any:
        """What only the emulator's admin may."""
        return _order(self.emulator, name, told)

    def ask(self, name: str) -> Any:
        """What only the emulator's admin may see."""
        with urllib.request.urlopen(f"{self.emulator.url}/__emu/{name}") as answer:
            return json.loads(answer.read())

    def snapshot(self) -> bytes:
        """All that the org holds, but for its own stamps."""
        with urllib.request.urlopen(f"{self.emulator.url}/__emu/snapshot?stamps=false") as answer:
            return bytes(answer.read())

    def add(self, of: str, **fields: Any) -> str:
        """A record that the org's people made."""
        (made,) = self.org.create(of, [fields])
        assert made.id, made.faults
        return made.id

    def add_deal(self, **fields: Any) -> str:
        """A deal that the org's people made; of deals our user may read alone."""
        made: list[str] = self.order("records", object="Opportunity", records=[fields])["ids"]
        return made[0]

    def change(self, record: str, **fields: Any) -> None:
        """Somebody at the org changes a record."""
        self.order("change", id=record, values=fields)

    def later(self, seconds: float) -> None:
        """Time passes, here and there."""
        self.order("clock", advance=seconds)

    def value(self, record: str, name: str) -> Any:
        """What stands in a field, by the org's own account; costs no call. None: nothing."""
        held = json.loads(self.snapshot())
        of = {"003": "Contact", "00Q": "Lead", "001": "Account"}[record[:3]]
        return held[of][record].get(name)


@contextmanager
def opened(folder: Path, *, score: Scorer | None = None, bare: bool = False, **told: Any) -> Iterator[Place]:
    """An org and an installation, in a folder of its own.

    Args:
        folder: for the installation.
        score: of people; None: nobody has one.
        bare: without our package.
        told: of ``[salesforce]``; `goals` of ``[salesforce_goals]``.
    """
    goals = told.pop("goals", {})
    people = bool(told.pop("person_accounts", False))
    clock = Clock(read_datetime("2026-05-28T20:26:40Z"))
    with Emulator(Org(Settings(has_person_accounts=people), clock=clock)) as emulator:
        private, public = pem()
        folder.mkdir(exist_ok=True)
        (folder / "key.pem").write_text(private, encoding="utf-8")
        _order(emulator, "app", {"client_id": APP, "certificate": public, "approved": [USER, ADMIN]})
        section = {"login": emulator.url, "client_id": APP, "username": USER, "key": "file:key.pem"}
        settings = parse({"data": ".", "salesforce": section | told, "salesforce_goals": goals}, root=folder)
        house = open_house(folder)
        slept: list[float] = []
        world = Around(wall=lambda: clock.now().timestamp(), sleep=slept.append, chance=lambda: 0.5)
        around: dict[str, Any] = {} if score is None else {"score": score}
        desk = open_desk(settings, house.state, house.events, house.store, world=world, **around)
        if not bare:
            admin = org_of(settings, around=world, username=ADMIN)
            done = deploy(admin, sleep=lambda _seconds: None)
            assert done.is_success, done.refusals
            admin.wire.close()
            _order(emulator, "user", {"username": USER, "permission_sets": ["Engagement_Integration"]})
        try:
            yield Place(emulator, house, desk, slept)
        finally:
            desk.org.wire.close()
            house.close()
        assert not emulator.org.unknown, f"the org was asked for what the emulator does not do: {emulator.org.unknown}"


def _order(emulator: Emulator, name: str, told: dict[str, Any]) -> Any:
    asked = urllib.request.Request(f"{emulator.url}/__emu/{name}", json.dumps(told).encode(), method="POST")
    with urllib.request.urlopen(asked) as answer:
        return json.loads(answer.read())


__all__ = ["NOW", "Place", "opened"]
