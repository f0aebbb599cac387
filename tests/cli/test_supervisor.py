"""Roles are started, started again, and stopped; with small programs in the place of the real ones."""

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailwake.cli import supervisor
from mailwake.cli.supervisor import Role, Supervisor

READY = "print('up', flush=True); import time; time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Role]:
    """Roles that run a line of Python where `mailwake` would stand."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "mailwake.py").write_text("import sys; exec(sys.argv[1])")
    return lambda name, code: Role(name=name, arguments=(code,))


def state(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "serve.json").read_text())
    return found


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another process does it, and raises no event here
            await asyncio.sleep(0.01)


def run(folder: Path, roles: list[Role], story: Callable[[], Any]) -> tuple[int, str]:
    """Run the roles, live through the story, stop; gives exit code and what was said."""
    out = io.StringIO()

    async def play() -> int:
        running = asyncio.create_task(Supervisor(roles, folder, out=out).run())
        await asyncio.wait({running, asyncio.create_task(story())}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            os.kill(os.getpid(), signal.SIGTERM)
        return await running

    return asyncio.run(play()), out.getvalue()


def test_every_role_says_when_it_is_ready(tmp_path: Path, program: Callable[[str, str], Role]) -> None:
    roles = [program("edge-0", READY), program("web", READY)]
    code, said = run(tmp_path, roles, lambda: until(lambda: all(role.is_ready for role in roles)))
    assert code == 0
    assert "edge-0  ready  up\n" in said
    assert "mailwake is ready\n" in said


def test_a_role_that_dies_is_started_again(tmp_path: Path, program: Callable[[str, str], Role]) -> None:
    role = program("edge-0", READY)

    async def story() -> None:
        await until(lambda: role.is_ready)
        os.kill(role.pid or 0, signal.SIGKILL)
        await until(lambda: role.is_ready and role.restarts == 1)

    code, said = run(tmp_path, [role], story)
    assert code == 0
    assert "edge-0 ended (signal SIGKILL); starting it again" in said


def test_the_state_file_names_the_processes_and_goes_with_them(
    tmp_path: Path, program: Callable[[str, str], Role]
) -> None:
    role = program("edge-0", READY)
    seen: dict[str, Any] = {}

    async def story() -> None:
        await until(lambda: role.is_ready)
        seen.update(state(tmp_path), pid_of_role=role.pid)

    run(tmp_path, [role], story)
    assert seen["pid"] == os.getpid()
    assert seen["ready"] is True
    assert seen["roles"]["edge-0"]["pid"] == seen["pid_of_role"]
    assert not (tmp_path / "serve.json").exists()


def test_a_role_that_never_comes_up_ends_the_start_with_its_code(
    tmp_path: Path, program: Callable[[str, str], Role], capfd: pytest.CaptureFixture[str]
) -> None:
    bad = program("relay", "import sys; print('mailwake: smtp.port: taken', file=sys.stderr); sys.exit(2)")
    code, _ = run(tmp_path, [program("edge-0", READY), bad], lambda: asyncio.sleep(30))
    assert code == 2
    errors = capfd.readouterr().err
    assert "relay   mailwake: smtp.port: taken" in errors
    assert "relay could not start (exit 2)" in errors


def test_a_role_that_does_not_listen_is_killed(
    tmp_path: Path, program: Callable[[str, str], Role], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.2)
    role = program("relay", STUBBORN)
    code, _ = run(tmp_path, [role], lambda: until(lambda: role.is_ready))
    assert code == 0
    assert role.process is None


def test_a_very_long_line_of_a_role_is_no_fault(tmp_path: Path, program: Callable[[str, str], Role]) -> None:
    role = program("web", "import sys; print('x' * 300_000, file=sys.stderr); " + READY)
    code, _ = run(tmp_path, [role], lambda: until(lambda: role.is_ready))
    assert code == 0


def test_the_dashboard_steps_back_for_those_who_answer_readers(
    tmp_path: Path, program: Callable[[str, str], Role]
) -> None:
    roles = [program(name, READY) for name in ("edge-0", "relay", "ingest", "web")]
    ours, seen = os.getpriority(os.PRIO_PROCESS, 0), dict[str, int]()

    async def story() -> None:
        await until(lambda: all(role.is_ready for role in roles))
        for role in roles:
            pid = role.pid or 0
            seen[role.name] = os.getpriority(os.PRIO_PROCESS, pid) - ours
            assert os.getpgid(pid) == pid, "Ctrl-C must not reach it"
            assert os.getsid(pid) == os.getsid(0), "niceness counts inside a session only"

    code, _ = run(tmp_path, roles, story)
    assert code == 0
    assert seen == {"edge-0": 0, "relay": 0, "ingest": min(5, 19 - ours), "web": min(10, 19 - ours)}


def test_roles_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    if sys.platform != "linux":  # the kernel's promise is Linux's alone, see `end_with_parent`
        assert supervisor.end_with_parent() is None
        return
    (tmp_path / "mailwake.py").write_text("print('up', flush=True)\nimport time\ntime.sleep(600)")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    async def play() -> None:
        arguments = ("-P", "-S", supervisor.__file__, str(tmp_path), json.dumps([["edge-0", []]]))
        parent = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, env=environment
        )
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
