"""A process that `tests.starting` makes is a child as any other, with what it was given and nothing else."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests import starting

COMMAND = [sys.executable, "-m", "mailwake"]
HIT = {"id": "1", "type": "opened", "at": 1_780_000_000, "delivery": "d", "recipient": "r", "domain": "a.example"}


@pytest.fixture(autouse=True)
def only_linux() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux lets a process adopt orphans")


@pytest.mark.long
def test_it_does_what_an_ordinary_process_does(tmp_path: Path) -> None:
    words = [*COMMAND, "work", "--once", "--config", "nowhere.toml"]
    quick, ordinary = (
        make(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for make in (starting.Popen, starting._Ordinary)
    )
    assert quick.communicate() == ordinary.communicate()
    assert quick.returncode == ordinary.returncode == 2


def test_it_reads_what_it_is_given_and_ends(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, "judge"], input=json.dumps(HIT), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["id"] == "1"
    assert done.stderr == ""


def test_it_is_a_child_that_was_not_begun_with_the_words() -> None:
    """Else nobody would notice that every process starts in the ordinary way again."""
    process = subprocess.Popen([*COMMAND, "judge"], stdin=subprocess.PIPE)
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    assert f"PPid:\t{os.getpid()}\n" in status
    assert b"starting.py" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("how", [{"env": {**os.environ, "PYTHONUTF8": "1"}}, {"start_new_session": True}])
def test_what_it_cannot_do_starts_in_the_ordinary_way(how: dict[str, object]) -> None:
    process = subprocess.Popen([*COMMAND, "judge"], stdin=subprocess.PIPE, **how)  # type: ignore[call-overload]
    assert b"starting.py" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    process.communicate()
    assert process.returncode == 0
