"""An installation in a folder, and its roles as the real processes that they are."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

from tests.silence import write_set

from mailwake.edge.nonces import Nonces
from mailwake.eventlog import notes
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Micros, TemplateId
from mailwake.pipeline.worker import READER
from mailwake.store.state import LinkRow, open_state
from mailwake.tokens import Minter, format_key, new_key, parse_keys

HOST = "track.example.com"
TARGET = "https://www.example.com/offer?a=1&b=2"
TEMPLATE, LINK = TemplateId(7), 3
#: Roles start in half a second; on a machine that is busy with other things they take longer.
PATIENCE_SECONDS = 1_200.0
CONFIG = """
data = "data"
[tracking]
base_url = "https://{host}"
unknown_consent = "individual"
[keys]
ref = "file:mailwake.keys"
[edge]
port = {edge}
[relay]
port = {relay}
[smtp]
host = "127.0.0.1"
port = {sink}
timeout_seconds = 10.0
[web]
port = {web}
[ingest]
port = 0
[monitor]
port = 0
"""


def environment() -> dict[str, str]:
    """Of the roles. Hundreds of starts must not compile everything anew, even where bytecode is not wanted."""
    ours = dict(os.environ)
    if ours.pop("PYTHONDONTWRITEBYTECODE", ""):
        ours["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "mailwake-bytecode")
    return ours


def free_port(dice: random.Random) -> int:
    """A port that is free, below those that the kernel gives to clients, so that it stays free while a role is away."""
    while True:
        port = dice.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def free_ports(count: int, dice: random.Random) -> list[int]:
    """Ports that are free and differ."""
    found = set[int]()
    while len(found) < count:
        found.add(free_port(dice))
    return list(found)


def until(true: Callable[[], bool], what: str, *, role: Role | None = None) -> None:
    """Wait for something that is bound to happen, as long as the role that it is up to lives."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        words = f"waited in vain until {what}" + (f":\n{role.out.read_text()}{role.errors()}" if role else "")
        assert role is None or role.is_alive(), words
        assert time.monotonic() < end, words
        time.sleep(0.05)


@dataclass
class Installation:
    """Settings, keys and ports; as a context, its roles are gone at the end."""

    folder: Path
    #: it is there already, made by another version; nothing of it is touched
    is_found: bool = False
    #: for the ports; real randomness, because two runs with one seed may go on side by side
    dice: random.Random = field(default_factory=random.SystemRandom)

    def __post_init__(self) -> None:
        if not self.is_found:
            self._settle()
        told = tomllib.loads(self.config.read_text(encoding="utf-8"))
        names = {"edge": "edge", "relay": "relay", "sink": "smtp", "web": "web"}
        self.ports: dict[str, int] = {name: told[section]["port"] for name, section in names.items()}
        self.keys = parse_keys((self.folder / "mailwake.keys").read_text(encoding="utf-8"))
        self.minter = Minter(self.keys, HOST)
        self.nonces = Nonces(self.keys.derive("edge forms"))
        self.roles: list[Role] = []
        if not self.is_found:
            self._know_the_template()
            write_set(self.data / "inert.bin")  # as `mailwake serve` does before anything listens

    def _settle(self) -> None:
        names = ("edge", "relay", "sink", "web")
        ports = dict(zip(names, free_ports(len(names), self.dice), strict=True))
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "mailwake.keys").write_text(format_key(1, new_key(), date(2026, 1, 1)), encoding="utf-8")
        self.config.write_text(CONFIG.format(host=HOST, **ports), encoding="utf-8")

    def _know_the_template(self) -> None:
        """What is read has been sent, as far as the pipeline knows."""
        state, now = open_state(self.data / "state.sqlite"), Micros(time.time_ns() // 1_000)
        link = LinkRow(number=LINK, href=TARGET, label="our offer", role="cta", tracked=True)
        campaign = state.campaign("Autumn", stream="marketing", now=now)
        state.put_template(campaign.id, TEMPLATE, subject="Hello", html=b"<p>", links=(link,), now=now)
        state.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for role in self.roles:
            role.end()

    @property
    def config(self) -> Path:
        return self.folder / "mailwake.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def role(self, word: str, before: tuple[str, ...] = (), **options: object) -> Role:
        """A role as `mailwake serve` starts it, not started yet; `before` is what runs it, such as taskset."""
        told = json.dumps({**options, "config": str(self.config)})
        command = (*before, sys.executable, "-m", "mailwake.cli.role", word, told)
        return self._add(Role(name="-".join((word, *map(str, options))), command=command, folder=self.folder))

    def serve(self) -> Role:
        """All roles, watched over, as an operator starts them."""
        command = (sys.executable, "-m", "mailwake", "serve", "--config", str(self.config))
        return self._add(Role(name="serve", command=command, folder=self.folder))

    def module(self, name: str, *words: str) -> Role:
        """A program of these tests."""
        command = (sys.executable, "-m", f"tests.chaos.{name}", *words)
        return self._add(Role(name=name, command=command, folder=self.folder))

    def _add(self, role: Role) -> Role:
        self.roles.append(role)
        return role

    def waiting(self) -> int:
        """Records that the pipeline has not taken in."""
        ends = notes.passed(self.data / "log").get(READER, {})
        reader = SqliteReader(self.data / "log")
        try:
            waiting = reader.waiting({writer: end.segment for writer, end in ends.items()})
            assert not reader.damage, reader.damage
            return waiting
        finally:
            reader.close()

    def wait_until_taken_in(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Until nothing waits for the pipeline, which runs."""
        end = time.monotonic() + patience_seconds
        while waiting := self.waiting():
            assert time.monotonic() < end, f"{waiting:,} records still wait"
            time.sleep(0.05)


@dataclass
class Role:
    """A process that can be started, killed and started again. What it says goes to files in the folder."""

    name: str
    command: tuple[str, ...]
    folder: Path
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None
    #: of the version that it runs; None: this one
    root: Path | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def out(self) -> Path:
        """What the current start has printed."""
        return self.folder / f"{self.name}.out"

    def start(self) -> Role:
        assert self.process is None or self.process.poll() is not None
        self.starts += 1
        root = self.root or Path(__file__).parents[2]
        told = environment() | ({} if self.root is None else {"PYTHONPATH": f"{root / 'src'}:{root}"})
        with self.out.open("wb") as out, (self.folder / f"{self.name}.err").open("ab") as err:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=err, cwd=root, env=told)
        return self

    def is_alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """Whether it has printed its first line."""
        return b"\n" in self.out.read_bytes()

    def wait_until_ready(self) -> Role:
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.is_ready():
            assert self.process is not None
            assert self.process.poll() is None, f"{self.name} ended by itself:\n{self.errors()}"
            assert time.monotonic() < end, f"{self.name} did not come up:\n{self.errors()}"
            time.sleep(0.01)
        return self

    def errors(self) -> str:
        return (self.folder / f"{self.name}.err").read_text(encoding="utf-8", errors="replace")[-3_000:]

    def kill(self) -> None:
        """Without warning."""
        if self.process is not None:
            assert self.process.poll() is None, f"{self.name} ended by itself:\n{self.errors()}"
            self.process.kill()
            self.process.wait()

    def report(self) -> dict[str, Any]:
        """What an edge last said of itself; empty while it has said nothing."""
        try:
            said: dict[str, Any] = json.loads((self.folder / "data" / "edge-0.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return said

    def stop(self) -> int:
        """SIGTERM, and wait; gives the exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        """Whatever it does: it is gone afterwards."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
