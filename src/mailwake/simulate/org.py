"""The demo's Salesforce org: the emulator as a process of its own, and the people who run the org.

What they do goes through the emulator's own door (`/__emu/`), which no product code uses: an app is let in, and the
org's staff has typed in the people whom they know.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailwake.simulate.people import Person

APP, USER, ADMIN = "mailwake", "integration@example.com", "admin@example.com"
#: whom the org's records belong to
OWNERS = ("sales.north@larkspur.example", "sales.south@larkspur.example")
KEY = "salesforce.pem"
TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class OrgBeside:
    """A running org."""

    url: str

    def order(self, name: str, told: dict[str, Any]) -> dict[str, Any]:
        """What the people who run the org do."""
        body = json.dumps(told).encode()
        asked = urllib.request.Request(f"{self.url}/__emu/{name}", body, method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def everything(self) -> bytes:
        """All that the org holds, but for its own stamps."""
        url = f"{self.url}/__emu/snapshot?stamps=false"
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - loopback
            return bytes(answer.read())

    def let_in(self, public: str) -> None:
        """Let an app in that signs with a key, for the user it works as and for who may deploy."""
        self.order("app", {"client_id": APP, "certificate": public, "approved": [USER, ADMIN]})

    def assign(self) -> None:
        """Give the user the permissions of the package."""
        self.order("user", {"username": USER, "permission_sets": ["Engagement_Integration"]})

    def type_in(self, people: Sequence[Person]) -> None:
        """The staff knows two thirds of the people as contacts, one in six as a lead, and the rest not at all."""
        owners = [self.order("user", {"username": each, "name": each.split("@")[0]})["id"] for each in OWNERS]
        contacts, leads = [], []
        for number, person in enumerate(people):
            told = {"FirstName": person.given, "LastName": person.family, "Email": person.address}
            told["OwnerId"] = owners[number % len(owners)]
            if number % 6 < 4:
                contacts.append(told)
            elif number % 6 == 4:
                leads.append(told | {"Company": person.address.partition("@")[2]})
        self.order("records", {"object": "Contact", "records": contacts})
        self.order("records", {"object": "Lead", "records": leads})


def emulator() -> Path | None:
    """Where the emulator's source lies; None: this is no checkout."""
    found = Path(__file__).parents[3] / "emulators" / "salesforce" / "src"
    return found if found.is_dir() else None


@contextlib.contextmanager
def beside(source: Path, folder: Path) -> Iterator[OrgBeside]:
    """Start an org with an app that is let in; its key lies in the folder."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / KEY).touch(mode=0o600)
    (folder / KEY).write_bytes(private)
    environment = {**os.environ, "PYTHONPATH": str(source)}
    words = (sys.executable, "-m", "salesforce_emulator")
    said, says = os.pipe()
    with subprocess.Popen(words, env=environment, stdout=says, start_new_session=True) as process, open(said) as lines:
        os.close(says)
        try:
            org = OrgBeside(url=json.loads(lines.readline())["url"])
            org.let_in(public.decode())
            yield org
        finally:
            process.terminate()
