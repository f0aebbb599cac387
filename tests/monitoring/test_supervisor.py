"""Roles are started, started again, and stopped; with small programs in the place of the real ones."""

import asyncio
import contextlib
import errno
import inspect
import io
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailwake.cli import relay
from mailwake.cli.serve import roles_of
from mailwake.edge.http import HttpServer
from mailwake.monitoring import supervisor
from mailwake.monitoring.supervisor import Notifier, Role, Supervisor, Voice
from mailwake.settings import parse

READY = "print('up', flush=True); import time; time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY


Program = Callable[..., Role]


@pytest.fixture
def program() -> Program:
    """Roles that run a line of Python where `mailwake` would stand."""
    return lambda name, code, wave=0: Role(name=name, arguments=("-c", code), wave=wave)


def state(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "serve.json").read_text())
    return found


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another process does it, and raises no event here
            await asyncio.sleep(0.01)


def run(folder: Path, roles: list[Role], story: Callable[[], Any], **parts: Any) -> tuple[int, str]:
    """Run the roles, live through the story, stop; gives exit code and what was said."""
    out = io.StringIO()
    parts = {"voice": Voice(out=out), **parts}

    async def play() -> int:
        running = asyncio.create_task(Supervisor(roles, folder, **parts).run())
        await asyncio.wait({running, asyncio.create_task(story())}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            os.kill(os.getpid(), signal.SIGTERM)
        return await running

    return asyncio.run(play()), out.getvalue()


def test_every_role_says_when_it_is_ready(tmp_path: Path, program: Program) -> None:
    roles = [program("edge-0", READY), program("web", READY)]
    code, said = run(tmp_path, roles, lambda: until(lambda: all(role.is_ready for role in roles)))
    assert code == 0
    assert "edge-0  ready  up\n" in said
    assert "mailwake is ready\n" in said


def test_a_role_that_dies_is_started_again(tmp_path: Path, program: Program) -> None:
    role = program("edge-0", READY)

    async def story() -> None:
        await until(lambda: role.is_ready)
        os.kill(role.pid or 0, signal.SIGKILL)
        await until(lambda: role.is_ready and role.restarts == 1)

    code, said = run(tmp_path, [role], story)
    assert code == 0
    assert "edge-0 ended (signal SIGKILL); starting it again" in said


def test_the_state_file_names_the_processes_and_goes_with_them(tmp_path: Path, program: Program) -> None:
    role = program("edge-0", READY)
    seen: dict[str, Any] = {}

    async def story() -> None:
        await until(lambda: role.is_ready)
        seen.update(state(tmp_path), pid_of_role=role.pid)

    run(tmp_path, [role], story)
    assert seen["pid"] == os.getpid()
    assert seen["ready"] is True
    assert seen["roles"]["edge-0"]["pid"] == seen["pid_of_role"]
    assert abs(seen["roles"]["edge-0"]["ready_at"] / 1e6 - time.time()) < 600
    assert not (tmp_path / "serve.json").exists()


def test_a_role_that_never_comes_up_ends_the_start_with_its_code(
    tmp_path: Path, program: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = program("relay", "import sys; print('mailwake: smtp.port: taken', file=sys.stderr); sys.exit(2)")
    code, _ = run(tmp_path, [program("edge-0", READY), bad], lambda: asyncio.sleep(30))
    assert code == 2
    errors = capfd.readouterr().err
    assert "relay   mailwake: smtp.port: taken" in errors
    assert "relay could not start (exit 2)" in errors


def test_a_role_that_does_not_listen_is_killed(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", (0.2, 0.2))
    role = program("relay", STUBBORN)
    code, _ = run(tmp_path, [role], lambda: until(lambda: role.is_ready))
    assert code == 0
    assert role.process is None


def test_a_very_long_line_of_a_role_is_no_fault(tmp_path: Path, program: Program) -> None:
    role = program("web", "import sys; print('x' * 300_000, file=sys.stderr); " + READY)
    code, _ = run(tmp_path, [role], lambda: until(lambda: role.is_ready))
    assert code == 0


def threads_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(each.name) for each in tasks.iterdir()] if tasks.is_dir() else [pid]


def test_the_dashboard_steps_back_for_those_who_answer_readers(
    tmp_path: Path, program: Callable[[str, str], Role]
) -> None:
    """Once it is up: a start that steps back takes minutes where processors are short."""
    busy = "import os, threading; print('at', os.getpriority(os.PRIO_PROCESS, 0), file=__import__('sys').stderr);"
    busy += "threading.Thread(target=threading.Event().wait, daemon=True).start(); "
    roles = [program(name, busy + READY) for name in ("edge-0", "relay", "ingest", "web")]
    ours, seen = os.getpriority(os.PRIO_PROCESS, 0), dict[str, int]()
    err = io.StringIO()

    async def story() -> None:
        await until(lambda: all(role.is_ready for role in roles))
        for role in roles:
            pid = role.pid or 0
            (seen[role.name],) = {os.getpriority(os.PRIO_PROCESS, thread) - ours for thread in threads_of(pid)}
            assert os.getpgid(pid) == pid, "Ctrl-C must not reach it"
            assert os.getsid(pid) == os.getsid(0), "niceness counts inside a session only"

    code, _ = run(tmp_path, roles, story, voice=Voice(out=io.StringIO(), err=err))
    assert code == 0
    assert err.getvalue().count(f" at {ours}\n") == len(roles), "nobody steps back before"
    assert seen == {"edge-0": 0, "relay": 0, "ingest": min(5, 19 - ours), "web": min(10, 19 - ours)}


def test_roles_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    if sys.platform != "linux":  # the kernel's promise is Linux's alone, see `end_with_parent`
        assert supervisor.end_with_parent() is None
        return

    async def play() -> None:
        roles = json.dumps([{"name": "edge-0", "arguments": ["-c", READY]}])
        arguments = ("-P", "-S", supervisor.__file__, str(tmp_path), "text", roles)
        parent = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        assert parent.stdout is not None
        assert b"ready" in await parent.stdout.readline()
        pid = state(tmp_path)["roles"]["edge-0"]["pid"]
        parent.kill()
        await parent.wait()
        await until(lambda: not _runs(pid))

    asyncio.run(play())


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


LATE = (
    "import signal, sys, time; from pathlib import Path; signal.signal(signal.SIGTERM, lambda *_: ({end}, sys.exit()))"
)


def test_who_takes_work_in_has_ended_before_who_works_it_off_is_asked(tmp_path: Path, program: Program) -> None:
    first = tmp_path / "edge has ended"
    seen = tmp_path / "web saw it"
    edge = LATE.format(end=f"(time.sleep(0.3), Path({str(first)!r}).touch())")
    web = LATE.format(end=f"Path({str(first)!r}).exists() and Path({str(seen)!r}).touch()")
    roles = [program("web", f"{web}; {READY}", 1), program("edge-0", f"{edge}; {READY}", 0)]
    code, _ = run(tmp_path, roles, lambda: until(lambda: all(role.is_ready for role in roles)))
    assert code == 0
    assert seen.exists()


def test_every_role_of_an_installation_has_a_wave_with_a_grace(tmp_path: Path) -> None:
    waves = {role.name: role.wave for role in roles_of(parse({}, root=tmp_path), "c")}
    assert waves == {"edge-0": 0, "relay": 0, "ingest": 0, "web": 1, "monitor": 1}
    assert set(waves.values()) == set(range(len(supervisor.GRACE_SECONDS)))


def test_a_role_may_take_as_long_as_it_says_before_it_is_killed() -> None:
    grace = inspect.signature(HttpServer.stop).parameters["grace_seconds"].default
    assert max(grace, relay._DRAIN_SECONDS) + 2 <= supervisor.GRACE_SECONDS[0]


def test_a_disk_that_is_full_does_not_keep_a_role_from_being_started_again(tmp_path: Path, program: Program) -> None:
    role, folder = program("edge-0", READY), tmp_path / "gone"

    async def story() -> None:
        await until(lambda: role.is_ready)
        os.kill(role.pid or 0, signal.SIGKILL)
        await until(lambda: role.is_ready and role.restarts == 1)

    code, _ = run(folder, [role], story)
    assert code == 0


def test_a_system_that_starts_no_process_for_a_moment_is_asked_again(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    role, begin = program("edge-0", READY), asyncio.create_subprocess_exec
    refusals = iter([None, OSError(errno.EAGAIN, "Resource temporarily unavailable")])

    async def sparing(*words: Any, **how: Any) -> Any:
        if refusal := next(refusals, None):
            raise refusal
        return await begin(*words, **how)

    async def story() -> None:
        await until(lambda: role.is_ready)
        os.kill(role.pid or 0, signal.SIGKILL)
        await until(lambda: role.is_ready and role.restarts == 2)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", sparing)
    err = io.StringIO()
    code, _ = run(tmp_path, [role], story, voice=Voice(out=io.StringIO(), err=err))
    assert code == 0
    assert "the system does not start edge-0: Resource temporarily unavailable" in err.getvalue()


def test_a_fault_of_the_watch_ends_everything_and_is_told(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Going on without it would leave a role down for ever, and nobody would know."""

    async def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(Supervisor, "_pass_on", broken)
    err = io.StringIO()
    code, _ = run(tmp_path, [program("edge-0", READY)], lambda: asyncio.sleep(60), voice=Voice(err=err))
    assert code == 1
    assert "a mistake of ours" in err.getvalue()


CHATTY = """
import json, sys
print('up', flush=True)
print(json.dumps({"event": "edge.said", "role": "edge-0"}), file=sys.stderr, flush=True)
print('not json \x1b[31m', file=sys.stderr, flush=True)
"""


def test_as_json_every_line_is_an_object_and_a_roles_own_objects_pass_as_they_are(
    tmp_path: Path, program: Program
) -> None:
    role, out, err = program("edge-0", CHATTY + READY), io.StringIO(), io.StringIO()
    run(tmp_path, [role], lambda: until(lambda: "not json" in err.getvalue()),
        voice=Voice(out=out, err=err, as_json=True))  # fmt: skip
    said = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in said[:2]] == ["role.ready", "serve.ready"]
    assert said[0]["role"] == "edge-0"
    passed, wrapped = (json.loads(line) for line in err.getvalue().splitlines())
    assert passed == {"event": "edge.said", "role": "edge-0"}
    assert (wrapped["event"], wrapped["role"], wrapped["text"]) == ("role.said", "edge-0", "not json \\x1b[31m")


def test_a_line_of_a_role_cannot_colour_the_terminal(
    tmp_path: Path, program: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    role = program("edge-0", CHATTY + READY)
    run(tmp_path, [role], lambda: until(lambda: role.is_ready), voice=Voice())
    said = "".join(capfd.readouterr())
    assert "\x1b" not in said


class Systemd:
    """The other end of $NOTIFY_SOCKET, as systemd holds it."""

    def __init__(self, name: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0", 1))
        self.socket.settimeout(20)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        """All that has come so far, one assignment each."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self.socket.recv(4096).decode().split("\n")
        return self.heard


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Systemd, str]]:
    if request.param == "abstract" and sys.platform != "linux":
        pytest.skip("only Linux has abstract sockets")
    name = str(tmp_path / "notify") if request.param == "path" else f"@mailwake-test-{os.getpid()}"
    other = Systemd(name)
    yield other, name
    other.socket.close()


def test_systemd_is_told_when_all_is_up_that_we_live_and_that_we_stop(
    tmp_path: Path, program: Program, systemd: tuple[Systemd, str]
) -> None:
    other, name = systemd
    environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid()), "PATH": "x"}
    roles = [program("edge-0", READY), program("web", READY, 1)]
    run(tmp_path, roles, lambda: until(lambda: other.listen().count("WATCHDOG=1") > 3 and "READY=1" in other.heard),
        notifier=Notifier(environment))  # fmt: skip
    told = other.listen()
    assert told.count("READY=1") == told.count("STOPPING=1") == 1
    assert told.index("STATUS=2 of 2 roles ready") < told.index("READY=1") < told.index("STOPPING=1")
    assert environment == {"PATH": "x"}, "roles must not answer in our place"


def test_a_watchdog_that_is_for_another_process_is_not_fed() -> None:
    environment = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}
    notifier = Notifier(environment)
    assert notifier.interval_seconds is None
    notifier.tell("READY=1")
    assert Notifier({"WATCHDOG_USEC": "20000"}).interval_seconds is None


def twins(first: str, second: str, **facts: Any) -> Role:
    """A role of two programs that take turns."""
    return Role(name="edge-0", arguments=("-c", first), twin=("edge-1", ("-c", second)), **facts)


def test_a_role_with_a_twin_is_replaced_while_it_still_runs(tmp_path: Path) -> None:
    seen, role = tmp_path / "both ran", twins(READY, READY)
    # the new one says that it is ready only when it has seen the old one alive
    look = f"import os, pathlib; os.kill({{}}, 0); pathlib.Path({str(seen)!r}).touch(); {READY}"

    async def story() -> None:
        await until(lambda: role.is_ready)
        role.twin = ("edge-1", ("-c", look.format(role.pid)))
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: list(state(tmp_path)["roles"]) == ["edge-1"])
        assert state(tmp_path)["roles"]["edge-1"]["ready"]
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: list(state(tmp_path)["roles"]) == ["edge-0"])

    code, said = run(tmp_path, [role], story)
    assert (code, said.count("every role was replaced")) == (0, 2)
    assert seen.exists()
    assert "ended" not in said, "nobody died"


def test_without_a_twin_the_old_one_has_ended_before_the_new_one_starts(tmp_path: Path, program: Program) -> None:
    busy = tmp_path / "busy"
    code = (
        f"import pathlib, signal, sys; b = pathlib.Path({str(busy)!r}); b.mkdir();"
        f"signal.signal(signal.SIGTERM, lambda *_: (b.rmdir(), sys.exit())); {READY}"
    )
    role = program("relay", code)

    async def story() -> None:
        await until(lambda: role.is_ready)
        first = role.pid
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: role.is_ready and role.pid != first)

    code_, said = run(tmp_path, [role], story)
    assert (code_, role.restarts) == (0, 0)
    assert "ended" not in said


def test_a_version_that_does_not_come_up_leaves_the_others_as_they_are(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    role = twins(READY, "raise SystemExit(1)")

    async def story() -> None:
        await until(lambda: role.is_ready)
        first = role.pid
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGUSR2)
            await until(lambda: "does not come up" in capfd.readouterr().err)
            await until(lambda: list(state(tmp_path)["roles"]) == ["edge-0"])
        assert role.is_ready
        assert role.pid == first

    code, _ = run(tmp_path, [role], story, voice=Voice())
    assert code == 0


def test_a_role_that_dies_in_the_place_of_an_older_one_is_told_and_started_again(
    tmp_path: Path, program: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    flag = tmp_path / "new version"
    role = program("web", f"import pathlib, sys; pathlib.Path({str(flag)!r}).exists() and sys.exit(1); {READY}")
    edge = twins(READY, READY)

    async def story() -> None:
        await until(lambda: role.is_ready and edge.is_ready)
        flag.touch()
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "the new web does not come up" in capfd.readouterr().err)
        flag.unlink()
        await until(lambda: role.is_ready)
        assert edge.is_ready

    code, _ = run(tmp_path, [edge, role], story, voice=Voice())
    assert code == 0


def test_who_works_things_off_is_replaced_before_who_takes_them_in(tmp_path: Path, program: Program) -> None:
    roles = [twins(READY, READY), program("relay", READY), program("web", READY, 1)]

    async def story() -> None:
        await until(lambda: all(role.is_ready for role in roles))
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "edge-0" not in state(tmp_path)["roles"])

    _, said = run(tmp_path, roles, story)
    order = [line.split()[0] for line in said.splitlines() if " ready  " in line]
    assert order[3:] == ["web", "relay", "edge-1"]


def test_a_stop_in_the_middle_of_a_replacement_leaves_nobody_behind(tmp_path: Path) -> None:
    role = twins(READY, "import time; time.sleep(600)")
    pids: list[int] = []

    async def story() -> None:
        await until(lambda: role.is_ready)
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: state(tmp_path)["roles"].get("edge-1", {}).get("pid"))
        pids.extend(each["pid"] for each in state(tmp_path)["roles"].values())

    code, _ = run(tmp_path, [role], story)
    assert code == 0
    assert len(pids) == 2
    assert not any(_runs(pid) for pid in pids)


def test_a_socket_is_handed_to_the_role_and_stays_open_when_it_dies(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        code = f"import socket; socket.socket(fileno={held.fileno()}); {READY}"
        role = Role(name="edge-0", arguments=("-c", code), fd=held.fileno())

        async def story() -> None:
            await until(lambda: role.is_ready)
            os.kill(role.pid or 0, signal.SIGKILL)
            with socket.create_connection(held.getsockname()):
                await until(lambda: role.is_ready and role.restarts == 1)

        code_, _ = run(tmp_path, [role], story)
    assert code_ == 0
