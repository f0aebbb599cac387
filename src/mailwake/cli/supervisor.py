"""Watches over the roles of `mailwake serve`: starts them, starts them again, stops them.

It runs for as long as an installation does and needs next to no memory, so it knows the standard library alone:
`mailwake serve` checks the settings, takes the lock and becomes this script.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

#: Pauses before a role is started again; the last one stays.
PAUSES_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
#: A role that ran this long starts with the shortest pause again.
STEADY_SECONDS = 30.0
#: Roles get this long to finish what they are doing.
GRACE_SECONDS = 10.0
#: A longer line of a role would be taken for a fault of ours.
_MAX_LINE_BYTES = 4 * 1024 * 1024
STATE = "serve.json"
#: How far roles step back when processors are short: readers and senders are served first, the dashboard last.
NICENESS = {"ingest": 5, "web": 10}
#: prctl(2): signal a process when its parent dies
_PR_SET_PDEATHSIG = 1
#: One heap instead of one per thread: the roles together take 40 MB less (glibc, mallopt(3)).
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}


@dataclass(kw_only=True)
class Role:
    """One child process and what is known of it."""

    name: str
    #: of `mailwake`
    arguments: tuple[str, ...]
    pid: int | None = None
    is_ready: bool = False
    was_ready: bool = False
    restarts: int = 0
    #: the line it printed when it was ready
    said: str = ""
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)


class Supervisor:
    """Starts roles, starts them again, and stops them.

    Args:
        roles: what to run.
        data: folder that `serve.json` is written to.
        out: where ready lines go.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        roles: list[Role],
        data: Path,
        *,
        out: IO[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roles, self._data = roles, data
        self._out = out or sys.stdout
        self._clock = clock
        self._stop = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        """Run until told to stop; gives the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        watchers = [asyncio.create_task(self._keep(role)) for role in self._roles]
        try:
            await self._stop.wait()
            await self._stop_all(watchers)
        finally:
            (self._data / STATE).unlink(missing_ok=True)
        self._say("stopped")
        return self._code

    async def _keep(self, role: Role) -> None:
        failures = 0
        while not self._stop.is_set():
            started = self._clock()
            code = await self._run_once(role)
            if self._stop.is_set():
                return
            if not role.was_ready:
                self._give_up(role, code)
                return
            failures = 0 if self._clock() - started > STEADY_SECONDS else failures + 1
            pause = PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS)) - 1] if failures else PAUSES_SECONDS[0]
            role.restarts += 1
            self._say(f"{role.name} ended ({_how(code)}); starting it again in {pause} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)

    def _give_up(self, role: Role, code: int) -> None:
        """A role that never came up will not come up the next time either."""
        print(f"mailwake: {role.name} could not start ({_how(code)}); its reason stands above", file=sys.stderr)
        self._code = code if code in (1, 2) else 1
        self._stop.set()

    async def _run_once(self, role: Role) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mailwake",
            *role.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C is for us; we tell the roles, in order. They stay in one session, because Linux weighs niceness
            # inside a session only (autogroups, sched(7)).
            process_group=0,
            preexec_fn=_before_start(role),
            limit=_MAX_LINE_BYTES,
            env=_FRUGAL | os.environ,
        )
        role.process, role.pid = process, process.pid
        self._write_state()
        try:
            await asyncio.gather(self._listen(role, process), self._pass_on(role, process), process.wait())
        finally:
            role.is_ready, role.pid, role.process = False, None, None
            self._write_state()
        return process.returncode or 0

    async def _listen(self, role: Role, process: asyncio.subprocess.Process) -> None:
        """Its first line says that it is ready; the others are passed on."""
        async for text in _lines(process.stdout):
            if not role.is_ready and text:
                role.is_ready = role.was_ready = True
                role.said = text
                self._write_state()
                self._say(f"{role.name:<7} ready  {text}")
                if role.restarts == 0 and all(each.was_ready for each in self._roles):
                    self._say("mailwake is ready")
            elif text:
                self._say(f"{role.name:<7} {text}")

    async def _pass_on(self, role: Role, process: asyncio.subprocess.Process) -> None:
        async for text in _lines(process.stderr):
            print(f"{role.name:<7} {text}", file=sys.stderr, flush=True)

    async def _stop_all(self, watchers: list[asyncio.Task[None]]) -> None:
        """Ask everybody to finish, then insist."""
        for role in self._roles:
            _signal(role, signal.SIGTERM)
        _, late = await asyncio.wait(watchers, timeout=GRACE_SECONDS)
        for role in self._roles if late else ():
            _signal(role, signal.SIGKILL)
        if late:
            await asyncio.wait(late, timeout=GRACE_SECONDS)

    def _write_state(self) -> None:
        write_state(self._data, {role.name: role for role in self._roles})

    def _say(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(text, file=self._out, flush=True)


def write_state(data: Path, roles: Mapping[str, Role]) -> None:
    """Tell other programs who runs: `<data>/serve.json`, always whole."""
    state = {
        "pid": os.getpid(),
        "ready": all(role.is_ready for role in roles.values()),
        "roles": {
            name: {"pid": role.pid, "ready": role.is_ready, "restarts": role.restarts, "said": role.said}
            for name, role in roles.items()
        },
    }
    fresh = data / f"{STATE}.new"
    fresh.write_text(json.dumps(state), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(data / STATE)


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    while stream is not None and (line := await stream.readline()):
        yield line.decode("utf-8", "replace").rstrip()


def _signal(role: Role, number: signal.Signals) -> None:
    if role.process is not None and role.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            role.process.send_signal(number)


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"


def _before_start(role: Role) -> Callable[[], None]:
    """What a role does to itself before it becomes `mailwake`."""
    bind, niceness = end_with_parent(), NICENESS.get(role.name, 0)

    def prepare() -> None:
        if bind is not None:
            bind()
        os.nice(niceness)

    return prepare


def end_with_parent() -> Callable[[], object] | None:
    """On Linux: no role outlives us, also when we are killed. Elsewhere roles have to be stopped by hand then."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> None:
    """``supervisor.py DATA ROLES``: roles as JSON, a list of [name, [arguments]]."""
    data, roles = sys.argv[1:]
    every = [Role(name=name, arguments=tuple(arguments)) for name, arguments in json.loads(roles)]
    raise SystemExit(asyncio.run(Supervisor(every, Path(data)).run()))


if __name__ == "__main__":
    main()
