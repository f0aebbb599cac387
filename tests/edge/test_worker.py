"""The whole process: `mailwake edge`, its ready line, its stop, and a kill without warning."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.edge.conftest import HOST
from tests.line import Line
from tests.silence import write_set

from mailwake.edge.worker import allow_connections, listen
from mailwake.errors import Unavailable
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import decode_event
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import MessageToken, Minter, Purpose, format_key, new_key, parse_keys

COMMAND = [sys.executable, "-m", "mailwake", "edge"]


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    (tmp_path / "mailwake.keys").write_text(format_key(1, new_key(), date(2026, 1, 1)), encoding="utf-8")
    (tmp_path / "mailwake.toml").write_text(
        f'[tracking]\nbase_url = "https://{HOST}"\n[edge]\nport = 0\n', encoding="utf-8"
    )
    write_set(tmp_path / "mailwake-data" / "inert.bin")
    return tmp_path


@contextmanager
def process(folder: Path, *more: str, under: tuple[str, ...] = ()) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen([*under, *COMMAND, *more], cwd=folder, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            ready = child.stdout.readline()
            assert ready.startswith("edge listening on http://127.0.0.1:")
            yield child, int(ready.rpartition(":")[2])
        finally:
            if child.poll() is None:
                child.kill()


def opens(folder: Path, first_delivery: int) -> Iterator[tuple[int, bytes]]:
    """Requests for pixels of ever new deliveries."""
    keys = parse_keys((folder / "mailwake.keys").read_text(encoding="utf-8"))
    minter, today = Minter(keys, HOST), datetime.now(UTC).date()
    delivery = first_delivery
    while True:
        token = minter.message(Purpose.READ, MessageToken(INDIVIDUAL, 7, delivery, delivery, today))
        yield delivery, f"GET /o/{token} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        delivery += 1


def deliveries(folder: Path) -> list[int | None]:
    segments = SqliteReader(folder / "mailwake-data" / "log").read({}, limit_records=10**9)
    return [decode_event(record).delivery for segment in segments for record in segment.records]


class Reader(threading.Thread):
    """A client that keeps eight requests under way and remembers which were answered."""

    def __init__(self, folder: Path, port: int, first_delivery: int) -> None:
        super().__init__()
        self._requests = opens(folder, first_delivery)
        self._line = Line(port)
        self.answered: list[int] = []
        self.enough = threading.Event()

    def run(self) -> None:
        under_way: list[int] = []
        try:
            while True:
                while len(under_way) < 8:
                    delivery, request = next(self._requests)
                    self._line.send(request)
                    under_way.append(delivery)
                answer = self._line.read()
                assert answer.status == 200
                self.answered.append(under_way.pop(0))
                if len(self.answered) > 100:
                    self.enough.set()
                if answer["Connection"] == "close":
                    break
        except (EOFError, OSError):
            pass
        finally:
            self._line.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_that_was_answered_is_lost_however_the_process_ends(installation: Path, how: signal.Signals) -> None:
    with process(installation) as (child, port):
        readers = [Reader(installation, port, number * 1_000_000 + 1) for number in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            assert reader.enough.wait(30)
        os.kill(child.pid, how)
        for reader in readers:
            reader.join(30)
        child.wait(30)
    answered = [delivery for reader in readers for delivery in reader.answered]
    recorded = deliveries(installation)
    assert len(recorded) == len(set(recorded))
    assert not set(answered) - set(recorded)
    with process(installation) as (_, port), Line(port) as line:  # and it starts again as if nothing had been
        line.send(next(opens(installation, 9_000_000))[1])
        assert line.read().status == 200
    assert set(deliveries(installation)) >= {*recorded, 9_000_000}


def test_a_stop_writes_the_counts_and_ends_well(installation: Path) -> None:
    with process(installation) as (child, port):
        with Line(port) as line:
            line.send(next(opens(installation, 1))[1])
            line.read()
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 0
        assert child.stdout is not None
        assert child.stdout.read() == ""  # nothing about requests is ever printed
    report = json.loads((installation / "mailwake-data" / "edge-0.json").read_text(encoding="utf-8"))
    assert (report["received"], report["recorded"], report["worker"]) == (1, 1, 0)


def test_a_low_limit_of_open_files_costs_no_reader(installation: Path) -> None:
    """Most systems start a process with 1,024 descriptors; the edge asks for what its settings promise."""
    few = ("sh", "-c", 'ulimit -Sn 60 && exec "$@"', "sh")
    with process(installation, under=few) as (_, port), ExitStack() as lines:
        requests = opens(installation, 1)
        for line in [lines.enter_context(Line(port)) for _ in range(100)]:
            line.send(next(requests)[1])
            assert line.read().status == 200


def test_a_system_that_allows_too_few_files_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    allow_connections(10_000_000)
    assert "edge.few_descriptors" in caplog.text


def test_the_same_worker_twice_is_refused_with_one_line(installation: Path) -> None:
    with process(installation):
        second = subprocess.run(COMMAND, cwd=installation, capture_output=True, text=True, check=False, timeout=60)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == "mailwake: another process already writes the log edge-0; give this one a name of its own\n"


def test_workers_share_a_port_and_write_logs_of_their_own(installation: Path) -> None:
    with process(installation) as (_, port):
        config = installation / "mailwake.toml"
        config.write_text(config.read_text(encoding="utf-8").replace("port = 0", f"port = {port}"), encoding="utf-8")
        with process(installation, "--worker", "1") as (_, second):
            assert second == port
            assert {path.name for path in (installation / "mailwake-data" / "log").glob("*.log")} == {
                "edge-0.log",
                "edge-0-days.log",
                "edge-1.log",
                "edge-1-days.log",
            }


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"cannot listen on 127.0.0.1 port {port}"):
            listen("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_told_too() -> None:
    with pytest.raises(Unavailable, match=r"cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


#: What systemd does between fork and exec: sd_listen_fds(3).
AS_SYSTEMD = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3);"
    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='mailwake-edge@0.socket');"
    "os.execv(sys.executable, [sys.executable, '-m', 'mailwake', 'edge'])"
)


def test_with_a_socket_of_systemd_a_restart_refuses_nobody(installation: Path) -> None:
    requests = opens(installation, 1)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as held:
        port = held.getsockname()[1]
        command = (sys.executable, "-c", AS_SYSTEMD, str(held.fileno()))
        asked = list[int]()
        for _ in range(2):
            with ExitStack() as waiting:
                lines = [waiting.enter_context(Line(port)) for _ in range(5)]  # nobody is there to take them
                for line in lines:
                    delivery, request = next(requests)
                    asked.append(delivery)
                    line.send(request)
                with subprocess.Popen(
                    command, cwd=installation, stdout=subprocess.PIPE, text=True, pass_fds=(held.fileno(),)
                ) as child:
                    assert child.stdout is not None
                    assert child.stdout.readline() == f"edge listening on http://127.0.0.1:{port}\n"
                    assert [line.read().status for line in lines] == [200] * 5
                    child.send_signal(signal.SIGTERM)
                    assert child.wait(60) == 0
    assert sorted(number or 0 for number in deliveries(installation)) == asked
