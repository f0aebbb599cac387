"""Watches over the roles of `mailwake serve`: starts them, starts them again, stops them.

It runs for as long as an installation does and needs next to no memory, so it knows the standard library alone:
`mailwake serve` checks the settings, takes the lock and becomes this script. Where systemd started it, systemd is told
when everything is up, when it stops, and that it lives (sd_notify(3), `Type=notify`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

#: Pauses before a role is started again; the last one stays.
PAUSES_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
#: A role that ran this long starts with the shortest pause again.
STEADY_SECONDS = 30.0
#: How long roles get to finish what they are doing, by wave: first those that take work in, of which the relay waits
#: up to 30 s for the next server, then those that work it off. systemd's TimeoutStopSec must be longer than the sum.
GRACE_SECONDS = (35.0, 15.0)
#: One that was killed is gone at once; what keeps it longer is the disk's.
_GONE_SECONDS = 2.0
#: A role that is not ready after so long, in the place of an older one, never will be. One that brings a large store up
#: to date takes minutes; one that cannot start ends by itself, and is not waited for.
_COME_UP_SECONDS = 600.0
_LOOK_SECONDS = 0.02
#: A longer line of a role would be taken for a fault of ours.
_MAX_LINE_BYTES = 4 * 1024 * 1024
STATE = "serve.json"
#: How far roles step back when processors are short, once they are up: readers and senders are served first, the
#: dashboard last. A start is short work; stepped back, it took minutes on a busy machine, and systemd gave up.
NICENESS = {"ingest": 5, "webhooks": 5, "web": 10}
#: prctl(2): signal a process when its parent dies
_PR_SET_PDEATHSIG = 1
#: One heap instead of one per thread: the roles together take 40 MB less (glibc, mallopt(3)).
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}


@dataclass(kw_only=True)
class Role:
    """One child process and what is known of it."""

    name: str
    #: of the Python interpreter
    arguments: tuple[str, ...]
    #: when it is asked to stop: 0 first, 1 when those have ended
    wave: int = 0
    #: a listening socket that we keep open for it: readers wait in it while the role is away
    fd: int | None = None
    #: name and arguments of what takes its place while it still runs; None: the next one starts when it has ended
    twin: tuple[str, tuple[str, ...]] | None = None
    #: it ends because we want it to: another one takes its place, or it starts anew at once
    is_leaving: bool = False
    pid: int | None = None
    is_ready: bool = False
    was_ready: bool = False
    #: microseconds since 1970; None: it is not ready
    ready_at: int | None = None
    restarts: int = 0
    #: the line it printed when it was ready
    said: str = ""
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)


class Voice:
    """What is said of the roles: sentences for people, or an object a line.

    Args:
        out: where what went well is said.
        err: where the rest is.
        as_json: objects.
    """

    def __init__(self, *, out: IO[str] | None = None, err: IO[str] | None = None, as_json: bool = False) -> None:
        self._out, self._err, self._as_json = out or sys.stdout, err or sys.stderr, as_json

    def say(self, event: str, sentence: str, *, role: str = "serve", level: str = "info", **values: object) -> None:
        """One event, in either form."""
        line = self._object(event, role, level, values) if self._as_json else sentence
        with contextlib.suppress(BrokenPipeError):
            print(line, file=self._out if level == "info" else self._err, flush=True)

    def pass_on(self, role: str, text: str, *, level: str) -> None:
        """A line that a role said itself. What is an object already goes on as it is."""
        if self._as_json and _is_object(text):
            print(text, file=self._err, flush=True)
        else:
            self.say("role.said", f"{role:<7} {text}", role=role, level=level, text=text)

    def _object(self, event: str, role: str, level: str, values: Mapping[str, object]) -> str:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"time": now, "level": level, "role": role, "event": event, **values})


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


class Notifier:
    """Tells systemd how the service is; elsewhere it says nothing.

    Args:
        environment: what systemd asked for is taken out of it, so that no role answers in our place.

    Attributes:
        interval_seconds: how often to say that we live; None: nobody asked.

    Source: sd_notify(3), sd_watchdog_enabled(3)
    """

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        address = environment.pop("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        microseconds, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", str(os.getpid()))
        is_ours = microseconds.isdecimal() and pid == str(os.getpid())
        self.interval_seconds = int(microseconds) / 2e6 if self._address and is_ours else None

    def tell(self, *assignments: str) -> None:
        """Send assignments such as READY=1; a systemd that does not listen is none of our troubles."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.connect(self._address)
            line.send("\n".join(assignments).encode())

    async def keep_alive(self) -> None:
        """Say that we live, for as long as the loop turns."""
        while self.interval_seconds is not None:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.interval_seconds)


class Supervisor:
    """Starts roles, starts them again, and stops them.

    Args:
        roles: what to run.
        data: folder that `serve.json` is written to.
        voice: says what happens.
        notifier: tells systemd.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        roles: list[Role],
        data: Path,
        *,
        voice: Voice | None = None,
        notifier: Notifier | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roles, self._data = roles, data
        self._voice = voice or Voice()
        self._notifier = notifier or Notifier({})
        self._clock = clock
        self._stop = asyncio.Event()
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._replacing: asyncio.Task[None] | None = None
        self._is_up = False
        self._code = 0

    async def run(self) -> int:
        """Run until told to stop; gives the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGUSR2, self._replace_soon)  # SIGHUP is what a closed terminal sends
        alive = asyncio.create_task(self._notifier.keep_alive())
        for role in self._roles:
            self._watch(role)
        try:
            await self._stop.wait()
            self._notifier.tell("STOPPING=1")
            for wave, grace in enumerate(GRACE_SECONDS):
                await self._end(wave, grace)
        finally:
            alive.cancel()
            if self._replacing is not None:
                self._replacing.cancel()
            (self._data / STATE).unlink(missing_ok=True)
        self._voice.say("serve.stopped", "stopped")
        return self._code

    def _watch(self, role: Role) -> None:
        self._watchers[role.name] = asyncio.create_task(self._keep(role))
        self._watchers[role.name].add_done_callback(self._watched)

    def _watched(self, watcher: asyncio.Task[None]) -> None:
        """A fault of ours: nobody would start that role again, so we end, and whoever started us hears of it."""
        if not watcher.cancelled() and (fault := watcher.exception()):
            self._voice.say("serve.fault", f"mailwake: serve failed: {fault!r}", level="error", fault=repr(fault))
            self._code = 1
            self._stop.set()

    async def _keep(self, role: Role) -> None:
        failures = 0
        while not self._stop.is_set():
            started = self._clock()
            code = await self._run_once(role)
            if self._stop.is_set():
                return
            if role.is_leaving:
                if role.twin:
                    return
                role.is_leaving = False
                continue
            if not role.was_ready:
                self._give_up(role, code)
                return
            failures = 0 if self._clock() - started > STEADY_SECONDS else failures + 1
            pause = PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS)) - 1] if failures else PAUSES_SECONDS[0]
            role.restarts += 1
            sentence = f"{role.name} ended ({_how(code)}); starting it again in {pause} s"
            self._voice.say("role.ended", sentence, role=role.name, how=_how(code), pause_seconds=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)

    def _give_up(self, role: Role, code: int) -> None:
        """A role that never came up will not come up the next time either."""
        sentence = f"mailwake: {role.name} could not start ({_how(code)}); its reason stands above"
        self._voice.say("role.not_started", sentence, role=role.name, level="error", how=_how(code))
        self._code = code if code in (1, 2) else 1
        self._stop.set()

    async def _run_once(self, role: Role) -> int:
        try:
            process = await self._begin(role)
        except OSError as fault:  # no memory or no process left: that may pass
            sentence = f"mailwake: the system does not start {role.name}: {fault.strerror}"
            self._voice.say("role.not_begun", sentence, role=role.name, level="error", reason=fault.strerror)
            return 1
        role.process, role.pid = process, process.pid
        self._tell_state()
        try:
            await asyncio.gather(self._listen(role, process), self._pass_on(role, process), process.wait())
        finally:
            role.is_ready, role.ready_at, role.pid, role.process = False, None, None, None
            self._tell_state()
        return process.returncode or 0

    async def _begin(self, role: Role) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *role.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C is for us; we tell the roles, in order. They stay in one session, because Linux weighs niceness
            # inside a session only (autogroups, sched(7)).
            process_group=0,
            preexec_fn=end_with_parent(),
            pass_fds=() if role.fd is None else (role.fd,),
            limit=_MAX_LINE_BYTES,
            env=_FRUGAL | os.environ,
        )

    async def _listen(self, role: Role, process: asyncio.subprocess.Process) -> None:
        """Its first line says that it is ready; the others are passed on."""
        async for text in _lines(process.stdout):
            if not text:
                continue
            if role.is_ready:
                self._voice.pass_on(role.name, text, level="info")
                continue
            role.is_ready = role.was_ready = True
            role.ready_at, role.said = time.time_ns() // 1_000, text
            _step_back(role)
            self._tell_state()
            self._voice.say("role.ready", f"{role.name:<7} ready  {text}", role=role.name, said=text)
            if not self._is_up and all(each.was_ready for each in self._roles):
                self._is_up = True
                self._notifier.tell("READY=1")
                self._voice.say("serve.ready", "mailwake is ready")

    async def _pass_on(self, role: Role, process: asyncio.subprocess.Process) -> None:
        async for text in _lines(process.stderr):
            self._voice.pass_on(role.name, text, level="error")

    async def _end(self, wave: int, grace_seconds: float) -> None:
        """Ask the roles of a wave to finish, then insist."""
        await self._part([role for role in self._roles if role.wave == wave], grace_seconds)

    async def _part(self, asked: list[Role], grace_seconds: float) -> None:
        for role in asked:
            _signal(role, signal.SIGTERM)
        ends = {self._watchers[role.name] for role in asked}
        if not ends or not (await asyncio.wait(ends, timeout=grace_seconds))[1]:
            return
        for role in asked:
            _signal(role, signal.SIGKILL)
        await asyncio.wait(ends, timeout=_GONE_SECONDS)

    # --- another version

    def _replace_soon(self) -> None:
        """SIGUSR2: one round at a time, and none before everything is up."""
        if self._is_up and not self._stop.is_set() and (self._replacing is None or self._replacing.done()):
            self._replacing = asyncio.create_task(self._replace())

    async def _replace(self) -> None:
        """Every role by a fresh process, so that what is installed now runs; who works things off first, readers last.

        A new version has to understand what older ones write, so the pipeline comes before those that feed it. Where
        one does not come up, the rest goes on as it was.
        """
        self._voice.say("serve.replacing", "replacing every role by a fresh process")
        for role in self._roles[::-1]:
            fresh = await (self._replace_beside(role) if role.twin else self._replace_after(role))
            if self._stop.is_set():
                return
            if not fresh:
                sentence = f"mailwake: the new {role.name} does not come up; the others go on as they are"
                self._voice.say("serve.not_replaced", sentence, role=role.name, level="error")
                return
        self._voice.say("serve.replaced", "every role was replaced")

    async def _replace_beside(self, role: Role) -> bool:
        """The new one takes from the same socket before the old one stops."""
        name, arguments = role.twin or ("", ())
        fresh = Role(name=name, arguments=arguments, wave=role.wave, fd=role.fd, twin=(role.name, role.arguments))
        fresh.is_leaving = True  # should it not come up, that is the end of it, and not of everything
        self._roles.insert(self._roles.index(role), fresh)
        self._watch(fresh)
        is_up = await self._comes_up(fresh)
        gone = role if is_up else fresh
        fresh.is_leaving, role.is_leaving = not is_up, is_up
        await self._part([gone], GRACE_SECONDS[role.wave])
        if not self._stop.is_set():
            self._roles.remove(gone)
            self._tell_state()
        return is_up

    async def _replace_after(self, role: Role) -> bool:
        """The old one has ended before the new one starts; where we keep its socket, callers wait."""
        old = role.process
        role.is_leaving = True
        _signal(role, signal.SIGTERM)
        if old is not None:
            try:
                await asyncio.wait_for(old.wait(), GRACE_SECONDS[role.wave])
            except TimeoutError:
                _signal(role, signal.SIGKILL)
        return await self._comes_up(role, after=old)

    async def _comes_up(self, role: Role, *, after: object = None) -> bool:
        end, restarts = self._clock() + _COME_UP_SECONDS, role.restarts
        while not (role.is_ready and role.process is not after):
            has_ended = self._watchers[role.name].done() or role.restarts > restarts
            if has_ended or self._stop.is_set() or self._clock() > end:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    def _tell_state(self) -> None:
        ready = sum(role.is_ready for role in self._roles)
        self._notifier.tell(f"STATUS={ready} of {len(self._roles)} roles ready")
        with contextlib.suppress(OSError):  # a full disk must not keep a role from being started again
            write_state(self._data, {role.name: role for role in self._roles})


def write_state(data: Path, roles: Mapping[str, Role]) -> None:
    """Tell other programs who runs: `<data>/serve.json`, always whole."""
    state = {
        "pid": os.getpid(),
        "ready": all(role.is_ready for role in roles.values()),
        "roles": {
            name: {
                "pid": role.pid,
                "ready": role.is_ready,
                "ready_at": role.ready_at,
                "restarts": role.restarts,
                "said": role.said,
            }
            for name, role in roles.items()
        },
    }
    fresh = data / f"{STATE}.new"
    fresh.write_text(json.dumps(state), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(data / STATE)


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    while stream is not None and (line := await stream.readline()):
        yield _printable(line.decode("utf-8", "replace").rstrip())


def _printable(text: str) -> str:
    """The text without what would move a cursor or colour a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _signal(role: Role, number: signal.Signals) -> None:
    if role.process is not None and role.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            role.process.send_signal(number)


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"


def _step_back(role: Role) -> None:
    """Every thread of a process has a niceness of its own on Linux; those that begin later take their beginner's."""
    niceness = NICENESS.get(role.name, 0)
    if role.pid is None or not niceness:
        return
    tasks = Path(f"/proc/{role.pid}/task")
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(OSError):  # it, or a thread of it, has just ended
        for thread in [int(each.name) for each in tasks.iterdir()] if tasks.is_dir() else [role.pid]:
            os.setpriority(os.PRIO_PROCESS, thread, ours + niceness)


def end_with_parent() -> Callable[[], object] | None:
    """On Linux: no role outlives us, also when we are killed. Elsewhere roles have to be stopped by hand then."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def role_of(told: Mapping[str, Any]) -> Role:
    """A role as `mailwake serve` tells of it: the fields of `Role`, tuples as lists."""
    twin = told.get("twin")
    facts = {**told, "arguments": tuple(told["arguments"]), "twin": twin and (twin[0], tuple(twin[1]))}
    return Role(**facts)


def main() -> None:
    """``supervisor.py DATA FORM ROLES``: form is text or json, roles are a list of objects, see `role_of`."""
    data, form, roles = sys.argv[1:]
    every = [role_of(told) for told in json.loads(roles)]
    voice, notifier = Voice(as_json=form == "json"), Notifier(os.environ)
    raise SystemExit(asyncio.run(Supervisor(every, Path(data), voice=voice, notifier=notifier).run()))


if __name__ == "__main__":
    main()
