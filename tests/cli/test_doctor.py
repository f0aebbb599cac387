"""The doctor names what is wrong in one line and says what to do."""

import json
import random
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from mailwake.audit.log import AuditLog
from mailwake.audit.policy import note_policy
from mailwake.cli import doctor
from mailwake.cli.init import make
from mailwake.errors import Unavailable
from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.events import Handle, Micros, Note
from mailwake.leaving.holding import HOLD
from mailwake.settings import Settings, load
from mailwake.store.audit import open_audit
from mailwake.store.state import Incident, IncidentKind, Unsubscribe, open_state


@pytest.fixture
def config(tmp_path: Path) -> Path:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=False)
    return tmp_path / "mailwake.toml"


def change(config: Path, old: str, new: str) -> Settings:
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    return load(config)


@pytest.fixture
def mail_server() -> Iterator[int]:
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_missing_config_is_the_only_finding(tmp_path: Path) -> None:
    findings = list(doctor.examine(str(tmp_path / "none.toml")))
    assert [finding.state for finding in findings] == ["problem"]
    assert "mailwake init" in findings[0].line


def test_a_good_installation_has_no_problem(config: Path, mail_server: int) -> None:
    change(config, "port = 25\n", f"port = {mail_server}\n")
    findings = list(doctor.examine(str(config)))
    assert [finding.check for finding in findings] == [
        *(
            "config",
            "python",
            "disk",
            "log",
            "keys",
            "dns",
            "tls",
            "clock",
            "proxy",
            "smtp",
            "held",
            "returned",
            "inert",
            "access",
            "policy",
        )
    ]
    assert not [finding for finding in findings if finding.state == "problem"]


def test_a_store_that_fails_is_one_finding_and_everything_else_is_looked_at(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise Unavailable("the state store does not answer: disk I/O error; try again")

    as_ever = {finding.check for finding in doctor.examine(str(config))}
    (load(config).data_folder / "state.sqlite").write_bytes(b"no store")
    monkeypatch.setattr("mailwake.cli.gating.check_access", away)
    findings = list(doctor.examine(str(config)))
    assert as_ever <= {finding.check for finding in findings}
    found = [finding for finding in findings if finding.check == "access"]
    assert [(each.state, "disk I/O error" in each.line) for each in found] == [("problem", True)]


def test_an_edge_whose_log_takes_nothing_is_a_problem(config: Path) -> None:
    data = load(config).data_folder
    data.mkdir(exist_ok=True)
    told = {"written_at": 1, "stopped": 0, "losing": 1_234, "problem": "the log edge-0 cannot be written"}
    (data / "edge-0.json").write_text(json.dumps(told))
    found = [each for each in doctor.examine(str(config)) if each.check == "edge"]
    assert [(each.state, each.line) for each in found] == [
        ("problem", "edge-0 records nothing: 1,234 hits answered and lost so far; the log edge-0 cannot be written")
    ]
    (data / "edge-0.json").write_text(json.dumps(told | {"losing": 0}))
    assert not [each for each in doctor.examine(str(config)) if each.check == "edge"]


def test_what_the_log_lost_is_a_warning_with_its_number(config: Path) -> None:
    data = load(config).data_folder
    append_now(data / "log", "edge-0", [b"x"] * 5)
    account = {"cursor": 1, "records": 5, "applied": 2, "dead": 1, "dropped": {}, "damaged": 2, "earlier": 0}
    (data / "pipeline.json").write_text(json.dumps({"writers": {"edge-0": account}}))
    (found,) = doctor.check_sums(load(config))
    assert found.state == "warning"
    assert found.line.endswith(
        "; in the last 30 days 2 could not be read and are lost: look at the disk; "
        "1 were set aside: `mailwake work --again` puts them back"
    )
    (data / "pipeline.json").write_text(
        json.dumps({"writers": {"edge-0": account | {"dead": 0, "damaged": 0, "applied": 5}}})
    )
    assert [each.state for each in doctor.check_sums(load(config))] == ["ok"]


def hold(settings: Settings, *, minutes_ago: float, many: int = 3) -> None:
    """So many presses of a button are held since then."""
    at = Micros(round(time.time() * 1e6 - minutes_ago * 60e6))
    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        rows = [Unsubscribe(id=1 + n, handle=Handle(101 + n), at=at, how=Note.BUTTON) for n in range(many)]
        for row in rows:
            state.put_unsubscribe(row, source="edge", streams=["marketing"], is_looked_at=True)
        held = [replace(row, incident=9, held_until=Micros(at + HOLD)) for row in rows]
        state.hold_unsubscribes(held, at=at, by="mailwake", why="a burst")


def test_what_is_held_is_counted_with_what_to_do(config: Path) -> None:
    settings = load(config)
    assert doctor.check_held(settings).line == "no unsubscription is held"
    assert not (settings.data_folder / "state.sqlite").exists(), "looking makes no store"
    hold(settings, minutes_ago=1)
    found = doctor.check_held(settings)
    assert found.state == "warning"
    assert found.line.startswith("3 unsubscriptions are held")
    assert "`mailwake unsubscribes list --held`" in found.line


def test_what_is_held_too_long_says_that_nothing_applies_it(config: Path) -> None:
    hold(load(config), minutes_ago=30, many=1)
    found = doctor.check_held(load(config))
    assert (found.state, found.line.partition(";")[0]) == (
        "problem", "1 of 1 held unsubscriptions should have been applied by now",
    )  # fmt: skip


def test_storms_and_alarms_are_named_with_what_to_do_and_imports_are_not(config: Path) -> None:
    settings = load(config)
    assert doctor.check_incidents(settings).line == "no storm and no alarm is open"
    assert not (settings.data_folder / "state.sqlite").exists(), "looking makes no store"
    at = Micros(1)
    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        for number, kind in enumerate(IncidentKind):
            state.put_incident(
                Incident(id=number, kind=kind, opened_at=at, last_at=at, count=1_200, quoted="", place="gmail.com")
            )
        found = doctor.check_incidents(settings)
        assert (found.state, "storm of 1,200 (gmail.com)" in found.line, "import" in found.line) == (
            "warning", True, False,
        )  # fmt: skip
        for number, _ in enumerate(IncidentKind):
            state.close_incident(number, at, by="eve", why="over")
    assert doctor.check_incidents(settings).state == "ok"


def test_a_state_store_that_cannot_be_read_is_not_guessed_about(config: Path) -> None:
    settings = load(config)
    settings.data_folder.mkdir(exist_ok=True)
    (settings.data_folder / "state.sqlite").write_bytes(b"no database, " * 100)
    assert doctor.check_held(settings).state == "unknown"
    assert doctor.check_incidents(settings).state == "unknown"


def test_a_published_key_is_a_problem(config: Path) -> None:
    config.with_name("mailwake.keys").write_text("0 " + "A" * 43 + "\n")
    assert "published" in doctor.check_keys(load(config)).line


def test_a_short_key_is_a_problem(config: Path) -> None:
    config.with_name("mailwake.keys").write_text("0 AAAA\n")
    assert "3 bytes" in doctor.check_keys(load(config)).line


def test_a_key_file_that_others_can_read_is_a_problem(config: Path) -> None:
    config.with_name("mailwake.keys").chmod(0o644)
    assert "chmod 600" in doctor.check_keys(load(config)).line


def test_a_host_without_address_is_a_problem(config: Path) -> None:
    settings = change(config, "http://localhost:8025", "https://no-such-host.invalid")
    assert doctor.check_dns(settings).state == "problem"
    assert doctor.check_tls(settings).state == "unknown"


def test_plain_http_for_readers_elsewhere_is_a_problem(config: Path) -> None:
    settings = change(config, "http://localhost:8025", "http://track.example.com")
    assert doctor.check_tls(settings).state == "problem"


def test_a_server_without_tls_is_a_problem(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as client:
                client.sendall(b"HTTP/1.1 400 no\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        settings = change(config, "http://localhost:8025", f"https://127.0.0.1:{server.getsockname()[1]}")
        assert doctor.check_tls(settings).state == "problem"
        answering.join()


def test_days_of_a_certificate_are_not_guessed() -> None:
    with pytest.raises(OSError, match=r".") as caught:
        doctor.certificate_days("127.0.0.1", free_port())
    assert not isinstance(caught.value, ssl.SSLError)


def test_a_data_folder_that_cannot_be_is_a_problem(config: Path) -> None:
    (config.parent / "blocked").write_text("a file")
    settings = change(config, 'data = "mailwake-data"', 'data = "blocked/data"')
    assert doctor.check_disk(settings).state == "problem"


def test_a_damaged_log_file_is_named(config: Path) -> None:
    settings = load(config)
    (settings.data_folder / "log").mkdir(parents=True)
    (settings.data_folder / "log" / "edge-0.log").write_bytes(b"not a database at all, far from it" * 99)
    finding = doctor.check_log(settings)
    assert finding.state == "problem"
    assert "edge-0.log" in finding.line


def test_believing_everybody_is_a_problem(config: Path) -> None:
    settings = change(config, '"127.0.0.1/32"', '"0.0.0.0/0"')
    assert doctor.check_proxy(settings).state == "problem"


def test_a_proxy_that_hides_everybody_is_warned_of(config: Path) -> None:
    settings = load(config)
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    assert doctor.check_proxy(settings).state == "ok"
    (settings.data_folder / "pipeline.json").write_text('{"role": "pipeline", "fronts": 1}', encoding="utf-8")
    finding = doctor.check_proxy(settings)
    assert finding.state == "warning"
    assert "1 address(es) bring so many programs" in finding.line


def test_a_silent_mail_server_is_a_problem(config: Path) -> None:
    settings = change(config, "port = 25\n", f"port = {free_port()}\n")
    assert doctor.check_smtp(settings).state == "problem"


def test_problems_make_the_exit_code_one(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(config, "port = 25\n", f"port = {free_port()}\n")
    with pytest.raises(SystemExit) as caught:
        doctor.command(str(config), as_json=True)
    assert caught.value.code == 1
    assert '"check": "smtp"' in capsys.readouterr().out


def test_a_log_that_is_whole_is_told_with_the_number_of_its_files(config: Path) -> None:
    settings = load(config)
    append_now(settings.data_folder / "log", "edge-0", [b"x"])
    append_now(settings.data_folder / "log", "relay", [b"x"])
    assert doctor.check_log(settings) == doctor.ok("log", "2 file(s), all readable")


def test_every_sum_gets_a_line_and_a_broken_one_is_a_problem_that_says_by_how_much(config: Path) -> None:
    settings = load(config)
    append_now(settings.data_folder / "log", "edge-0", [b"x"] * 5)
    (unknown,) = doctor.check_sums(settings)
    assert (unknown.check, unknown.state) == ("sums", "unknown")
    account = {
        "cursor": 1,
        "records": 5,
        "applied": 2,
        "dead": 1,
        "dropped": {"duplicate": 1},
        "damaged": 0,
        "earlier": 0,
    }
    report = {"role": "pipeline", "writers": {"edge-0": account}}
    (settings.data_folder / "pipeline.json").write_text(json.dumps(report), encoding="utf-8")
    (broken,) = doctor.check_sums(settings)
    assert broken.state == "problem"
    assert "edge-0: 5 records = 2 applied + 1 dropped + 1 dead" in broken.line
    assert "1 are missing" in broken.line
    account |= {"applied": 4, "dead": 0}
    (settings.data_folder / "pipeline.json").write_text(json.dumps(report), encoding="utf-8")
    (holds,) = doctor.check_sums(settings)
    assert holds.state == "ok"


def test_a_reader_that_stopped_is_a_problem(config: Path) -> None:
    settings = load(config)
    long_ago = time.time_ns() // 1_000 - 3_600_000_000
    append_now(settings.data_folder / "log", "edge-0", [b"x"] * 5, clock=lambda: long_ago)
    (stopped,) = doctor.check_readers(settings)
    assert (stopped.check, stopped.state) == ("readers", "problem")
    assert "pipeline has 5 records before it" in stopped.line
    assert "60 minutes old, and has stopped" in stopped.line
    with closing(SqliteReader(settings.data_folder / "log")) as log:
        log.passed("pipeline", {"edge-0": 1})
    (well,) = doctor.check_readers(settings)
    assert well.state == "ok"


def test_the_doctor_says_when_the_disk_will_be_full(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(config)
    now = time.time_ns() // 1_000
    append_now(
        settings.data_folder / "log",
        "edge-0",
        [random.randbytes(100_000) for _ in range(10)],
        clock=lambda: now - 7_200_000_000,
    )
    far = doctor.check_disk(settings)
    assert far.state == "ok"
    assert "at which the disk is full in" in far.line, "nobody reads, so nothing goes"
    with closing(SqliteReader(settings.data_folder / "log")) as log:
        log.passed("pipeline", {"edge-0": 1})
    assert "for which there is room" in doctor.check_disk(settings).line
    monkeypatch.setattr(doctor, "FREE_BYTES", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 0, 20_000_000))
    finding = doctor.check_disk(settings)
    assert finding.state == "problem"
    assert "MB a day come in, at which the disk is full in 1." in finding.line


def test_a_ceiling_that_was_raised_is_told_for_a_month(config: Path) -> None:
    from mailwake.cli.doctor.policy import check_policy

    def start(mode: str, at: int) -> Settings:
        settings = load(config)
        found = replace(settings, tracking=replace(settings.tracking, opens=mode, clicks="aggregate"))
        with closing(open_audit(found.data_folder / "state.sqlite")) as store:
            note_policy(AuditLog(store, wall=lambda: Micros(at)), found, role="web")
        return found

    now = time.time_ns() // 1_000
    month = 31 * 86_400_000_000
    assert check_policy(start("aggregate", now - 2 * month)).state == "ok"
    assert check_policy(start("individual", now - month)).state == "ok", "it is known by now"
    assert check_policy(start("aggregate", now - 3)).state == "ok", "lowering is nobody's worry"
    told = check_policy(start("individual", now - 2))
    assert told.state == "warning"
    assert "opens from aggregate to individual on" in told.line
