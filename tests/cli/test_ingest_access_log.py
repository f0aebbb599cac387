"""`mailwake ingest-access-log` as an operator runs it: counts that add up, files deleted in time, exit codes."""

import fcntl
import gzip
import io
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.silence import write_set

from mailwake.accesslog.intake import Intake
from mailwake.cli import main
from mailwake.cli.ingest_access_log import WAYS, Run
from mailwake.cli.init import make
from mailwake.cli.work import open_worker
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, EventType, Micros, TemplateId, decode_event
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.settings import Settings, load
from mailwake.store.events import open_events
from mailwake.store.state import open_state
from mailwake.tokens import MessageToken, Minter, Purpose

AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
TEMPLATE = TemplateId(7)
NOW = time.time()


class Done(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


class House:
    """An installation in a folder, and logs of its pixel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make(folder, base_url="https://track.example.com", brand="Example", individual=True)
        self.settings: Settings = load(folder / "mailwake.toml")
        self._minter = Minter(self.settings.load_keys(), self.settings.tracking_host)

    def token(self, delivery: int, modes: Modes = INDIVIDUAL) -> str:
        who = (0, 0) if modes is AGGREGATE else (delivery, delivery + 100)
        return self._minter.message(Purpose.READ, MessageToken(modes, TEMPLATE, *who, date.today()))  # noqa: DTZ011 - a day more or less

    def line(self, delivery: int, *, modes: Modes = INDIVIDUAL, age: float = 600.0, **change: str) -> str:
        told = {
            "msec": f"{NOW - age + delivery / 1_000:.3f}", "request_method": "GET", "host": "track.example.com",
            "request_uri": f"/o/{self.token(delivery, modes)}", "status": "200", "request_id": f"id-{delivery}",
            "remote_addr": "203.0.113.9", "http_user_agent": "Mail/1.0", **change,
        }  # fmt: skip
        return json.dumps(told) + "\n"

    def log(self, name: str, lines: list[str]) -> Path:
        path = self.folder / name
        path.write_text("".join(lines), encoding="utf-8")
        return path

    def ingest(self, *words: str | Path, stdin: bytes = b"") -> Done:
        """The command as `mailwake` runs it, in this process: starting Python takes longer than all the rest."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["mailwake", "ingest-access-log", *map(str, words)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
            with pytest.raises(SystemExit) as left:
                main()
        code = left.value.code
        return Done(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())

    def counts(self, *words: str | Path, code: int = 0, stdin: bytes = b"") -> dict[str, Any]:
        """What --json prints; the ways must add up to the lines."""
        done = self.ingest(*words, "--json", stdin=stdin)
        assert done.code == code, done.stderr
        counts: dict[str, Any] = json.loads(done.stdout)
        assert counts["lines"] == sum(counts[way] for way in WAYS)
        return counts

    def events(self, writer: str = "access-log") -> list[Event]:
        reader = SqliteReader(self.settings.data_folder / "log")
        segments = reader.read({}, limit_records=1_000_000)
        reader.close()
        return [decode_event(record) for each in segments if each.writer == writer for record in each.records]

    def work(self) -> int:
        """Take the log into the stores with a worker that has seen nothing; how many opens were counted so far."""
        events = open_events(self.settings.data_folder / "events.duckdb")
        with closing(events), closing(open_worker(self.settings, events)) as worker:
            worker.drain()
            return sum(row["n"] for row in events.ask("counters", campaign=1) if row["type"] == EventType.OPENED)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_every_line_is_counted_once_and_the_counts_add_up(house: House) -> None:
    lines = [
        *[house.line(n) for n in range(1, 6)],
        house.line(6, request_method="HEAD"),
        house.line(7, request_uri="/index.html"),
        house.line(8, request_uri="/o/broken"),
        house.line(9, host="elsewhere.example.com"),
        house.line(10, status="403"),
        house.line(11, modes=Modes(opens=Mode.OFF, clicks=Mode.OFF)),
        house.line(12, age=-3_600),
        "nonsense\n",
        "# a remark\n",
        "\n",
    ]
    counts = house.counts(house.log("pixel.log", lines))
    told = {way: counts[way] for way in WAYS}
    assert told == {
        "recorded": 6, "known": 0, "inert": 1, "expired": 0, "rejected": 4, "not_pixel": 1, "unreadable": 1,
    }  # fmt: skip
    assert counts["reasons"] == {"future": 1, "host": 1, "spelling": 1, "status": 1}
    assert (counts["files"], counts["lines"], counts["deleted"]) == (1, 13, 0)


def test_for_people_it_is_one_line_and_what_could_not_be_read_is_named_without_being_shown(house: House) -> None:
    path = house.log("pixel.log", [house.line(1), house.line(2, request_uri="/o/x"), "\x1b[31msecret\n"])
    done = house.ingest(path)
    assert done.code == 0
    told = "files 1 · lines 3 · recorded 1 · rejected 1 · unreadable 1 · rejected for length 1\n"
    assert done.stdout == told
    assert done.stderr.splitlines()[0].startswith(f"mailwake: {path} line 3: the line has none of the known")
    assert "secret" not in done.stderr
    assert "\x1b" not in done.stderr + done.stdout


def test_reading_again_in_any_form_changes_nothing(house: House) -> None:
    lines = [house.line(n) for n in range(1, 21)]
    path = house.log("pixel.log", lines)
    packed = house.folder / "pixel.log.1.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    part = house.log("part", lines[7:12] * 2)
    assert house.counts(path)["recorded"] == 20
    assert house.counts(packed, part, path)["known"] == 20 + 10 + 20
    assert house.counts("-", stdin=path.read_bytes())["known"] == 20
    assert len(house.events()) == 20
    assert len({event.key for event in house.events()}) == 20


def test_a_file_that_is_still_written_is_read_up_to_its_last_whole_line(house: House) -> None:
    whole = house.line(1) + house.line(2)
    path = house.log("pixel.log", [whole[:-40]])
    done = house.ingest(path, "--json", "--delete")
    assert json.loads(done.stdout)["recorded"] == 1
    assert "has no end yet" in done.stderr
    assert path.exists()
    path.write_text(whole, encoding="utf-8")
    counts = house.counts(path)
    assert (counts["known"], counts["recorded"]) == (1, 1)


def test_counters_move_once_however_often_a_log_is_read_and_whoever_restarts(house: House) -> None:
    """Counters have no identity of their own: this is what the ledger is for."""
    state = open_state(house.settings.data_folder / "state.sqlite")
    campaign = state.campaign("Autumn", stream="marketing", now=Micros(0))
    state.put_template(campaign.id, TEMPLATE, subject="", html=b"<p>", links=(), now=Micros(0))
    state.close()
    assert campaign.id == 1
    path = house.log("pixel.log", [house.line(n, modes=AGGREGATE) for n in range(1, 31)])
    for _ in range(2):
        house.ingest(path)
        assert house.work() == 30
    assert {(event.delivery, event.recipient, event.request, event.key) for event in house.events()} == {
        (None, None, None, "")
    }


def test_files_are_deleted_once_they_are_durable(house: House) -> None:
    folder = house.folder / "logs"
    folder.mkdir()
    paths = [house.log(f"logs/{n}.log", [house.line(n)]) for n in range(1, 4)]
    counts = house.counts("--delete", folder)
    assert (counts["recorded"], counts["deleted"]) == (3, 3)
    assert not any(path.exists() for path in paths)
    assert len(house.events()) == 3


def test_a_file_that_is_named_twice_is_deleted_once(house: House) -> None:
    (house.folder / "logs").mkdir()
    path = house.log("logs/1.log", [house.line(1)])
    counts = house.counts("--delete", house.folder / "logs", path, path)
    assert (counts["recorded"], counts["known"], counts["deleted"], counts["files"]) == (1, 0, 1, 1)


def test_a_file_that_is_rotated_away_meanwhile_is_no_fault(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [house.log(f"{n}.log", [house.line(n)]) for n in range(1, 4)]
    kept = Run._settle

    async def rotate_first(run: Run, intake: Intake) -> None:
        paths[0].rename(house.folder / "1.log.1")
        await kept(run, intake)

    monkeypatch.setattr(Run, "_settle", rotate_first)
    done = house.ingest("--delete", *paths)
    assert done.code == 0
    assert "1.log is not there any more" in done.stderr
    assert [path.exists() for path in paths] == [False] * 3
    assert len(house.events()) == 3


def test_a_file_that_may_not_be_deleted_is_named_and_the_others_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [house.log(f"{n}.log", [house.line(n)]) for n in range(1, 3)]
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == "1.log":
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    done = house.ingest("--delete", *paths)
    assert done.code == 1
    assert "cannot delete" in done.stderr
    assert [path.exists() for path in paths] == [True, False]


def test_without_being_told_to_nothing_is_deleted(house: House) -> None:
    path = house.log("pixel.log", [house.line(1)])
    assert house.counts(path)["deleted"] == 0
    assert path.exists()


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda good: good * 50 + "nonsense\n", 0, "1 unreadable lines"),
        (lambda _: "nonsense\n" * 3, 1, "no line of"),
        (lambda good: good + good[:-1], 0, "no end yet"),
    ],
    ids=["too many unreadable lines", "another format", "unfinished"],
)
def test_a_file_that_was_not_understood_is_kept(
    house: House, spoil: Callable[[str], str], code: int, said: str
) -> None:
    path = house.log("pixel.log", [spoil(house.line(1))])
    done = house.ingest("--delete", path)
    assert (done.code, path.exists()) == (code, True)
    assert said in done.stderr


def test_a_single_bad_line_among_many_does_not_keep_a_file(house: House) -> None:
    path = house.log("pixel.log", [*[house.line(n) for n in range(1, 201)], "nonsense\n"])
    assert house.counts("--delete", path)["deleted"] == 1


def test_a_file_without_a_single_entry_may_go(house: House) -> None:
    assert house.counts("--delete", house.log("pixel.log", ["#Version: 1.0\n"]))["deleted"] == 1


def test_a_damaged_archive_gives_what_it_has_and_is_kept(house: House) -> None:
    content = "".join(house.line(n) for n in range(1, 2_001)).encode()
    path = house.folder / "pixel.log.gz"
    path.write_bytes(gzip.compress(content)[:-2_000])
    done = house.ingest("--delete", path, "--json")
    assert done.code == 1
    assert "is damaged after" in done.stderr
    assert 0 < json.loads(done.stdout)["recorded"] < 2_000
    assert path.exists()


def test_a_hostile_file_does_no_harm(house: House) -> None:
    hostile = [
        b"x" * 10_000_000, b"\0" * 1_000, b"\x1b[2J\x1b]0;owned\x07", b"{" * 200_000, b'{"a":' * 60_000, b"\xff\xfe",
        house.line(2, http_user_agent="a\r\nSec-Fetch-Mode: navigate").encode().strip(),
        house.line(3, msec="9" * 4_000).encode().strip(), b"#Fields: " + b"x " * 30_000,
    ]  # fmt: skip
    path = house.folder / "pixel.log"
    path.write_bytes(house.line(1).encode() + b"\n".join(hostile) + b"\n" + house.line(4).encode())
    done = house.ingest(path, "--json")
    counts = json.loads(done.stdout)
    assert (done.code, counts["recorded"], counts["unreadable"]) == (0, 2, len(hostile) - 1)
    assert "\x1b" not in done.stderr
    assert [event.delivery for event in house.events()] == [1, 4]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.log"], "there is no missing.log"),
        (["pixel.log", "--host", "a..b"], "is no host name"),
        (["pixel.log", "--line-format", "$host$msec"], "side by side"),
        (["pixel.log", "--source", "Web 1"], "is no name for a log"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_one(house: House, words: list[str], said: str) -> None:
    house.log("pixel.log", [house.line(1)])
    done = house.ingest(*words)
    assert done.code == 1
    assert said in done.stderr.splitlines()[-1]
    assert house.events() == []


def test_a_file_that_may_not_be_read_does_not_keep_the_others_waiting(house: House) -> None:
    (house.folder / "logs").mkdir()
    house.log("logs/2", [house.line(1)])
    (house.folder / "logs" / "1").symlink_to(house.folder / "logs" / "2")
    (house.folder / "pipe").symlink_to("/proc/self/mem")
    done = house.ingest(house.folder / "pipe", house.folder / "logs", "--json")
    assert done.code == 1
    assert "cannot read" in done.stderr
    assert json.loads(done.stdout)["recorded"] == 1


def test_without_a_config_it_is_exit_two(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "mailwake", "ingest-access-log", "-"]
    done = subprocess.run(program, capture_output=True, cwd=tmp_path, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert b"mailwake init" in done.stderr


def test_when_nobody_can_say_who_withdrew_nothing_is_read(house: House) -> None:
    path = house.log("pixel.log", [house.line(1)])
    house.settings.data_folder.mkdir(exist_ok=True)
    (house.settings.data_folder / "inert.bin").write_bytes(b"12345")
    done = house.ingest("--delete", path)
    assert done.code == 1
    assert "inert.bin is damaged" in done.stderr
    assert path.exists()


def test_whoever_withdrew_is_left_out_and_the_file_may_go(house: House) -> None:
    write_set(house.settings.data_folder / "inert.bin", 102)
    counts = house.counts("--delete", house.log("pixel.log", [house.line(1), house.line(2)]))
    assert (counts["recorded"], counts["inert"], counts["deleted"]) == (1, 1, 1)


def test_a_second_reader_of_the_same_source_is_refused(house: House) -> None:
    path = house.log("pixel.log", [house.line(1)])
    (house.settings.data_folder / "log").mkdir(parents=True)
    with (house.settings.data_folder / "log" / "access-log.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = house.ingest(path)
        assert done.code == 1
        assert "another process already writes" in done.stderr
        assert house.counts(path, "--source", "other")["recorded"] == 1


def test_each_source_has_lines_of_its_own(house: House) -> None:
    path = house.log("pixel.log", [house.line(1, modes=AGGREGATE, request_id="")])
    assert house.counts(path, "--source", "web-1")["recorded"] == 1
    assert house.counts(path, "--source", "web-2")["recorded"] == 1
    assert house.counts(path, "--source", "web-1")["known"] == 1
    assert len(house.events("access-log-web-1")) == len(house.events("access-log-web-2")) == 1


def test_text_needs_the_host_or_the_format_that_holds_it(house: House) -> None:
    at = datetime.fromtimestamp(NOW - 60, UTC)
    line = f'203.0.113.9 - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET /o/{house.token(1)} HTTP/1.1" 200 43 "-" "Mail/1.0"\n'
    assert house.counts(house.log("a.log", [line]), code=1)["unreadable"] == 1
    assert house.counts(house.log("a.log", [line]), "--host", "track.example.com")["recorded"] == 1
    own = f"track.example.com|{NOW - 50:.3f}|GET|/o/{house.token(2)}\n"
    counts = house.counts(house.log("b.log", [own]), "--line-format", "$host|$msec|$request_method|$request_uri")
    assert counts["recorded"] == 1
    one, other = house.events()
    assert one.request is not None
    assert other.request is not None
    assert (one.request.told, other.request.told) == (("referer", "user-agent"), ("host",))


def test_what_is_older_than_remembered_is_refused_after_it_was_forgotten(house: House) -> None:
    config = house.folder / "mailwake.toml"
    config.write_text(config.read_text(encoding="utf-8") + "\n[ingest]\naccess_log_days = 2\n", encoding="utf-8")
    old, new = [house.line(n, age=5 * 86_400) for n in (1, 2)], house.line(3)
    assert house.counts(house.log("a", [old[0]]))["recorded"] == 1
    assert house.counts(house.log("b", [new]))["recorded"] == 1
    counts = house.counts(house.log("c", [*old, new]))
    assert (counts["rejected"], counts["reasons"], counts["known"]) == (2, {"late": 2}, 1)


@pytest.mark.long
def test_killed_at_any_moment_it_goes_on_where_it_ended(house: House) -> None:
    lines = [house.line(n) for n in range(1, 12_001)]
    path, dice = house.log("pixel.log", lines), random.Random(3)
    program = [sys.executable, "-m", "mailwake", "ingest-access-log", str(path)]
    for _ in range(2):
        process = subprocess.Popen(program, cwd=house.folder, stdout=subprocess.DEVNULL)
        _wait_for_a_segment(house, process)
        time.sleep(dice.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.wait()
    counts = house.counts(path)
    assert counts["known"] + counts["recorded"] == 12_000
    copies = [event.delivery for event in house.events()]
    assert len(copies) == len({*copies}) == 12_000


def _wait_for_a_segment(house: House, process: subprocess.Popen[bytes]) -> None:
    before = len(house.events()) if (house.settings.data_folder / "log").exists() else 0
    for _ in range(1_000):
        if process.poll() is not None or len(house.events()) > before:
            return
        time.sleep(0.05)
