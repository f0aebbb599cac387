"""One event, one line, whatever a stranger put into it; and of a fault its kind and place, never what it quotes."""

import ast
import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from mailwake.cli.logs import MAX_CHARS, Lines, configure, harmless
from mailwake.errors import Unavailable
from mailwake.modes import Mode
from mailwake.sections import Logging

SOURCE = Path(__file__).parents[2] / "src" / "mailwake"
HOSTILE = [
    "a\nb",
    "a\r\n2026-11-25T00:00:00.000Z error role.forged",
    "\x1b[2J\x1b]0;owned\x07",
    '"} {"event": "role.forged"',
    "tab\there",
    "\u2028line\u2029paragraph\x85next",
    "\x7f\x9b31m",
    "caf\xe9 \U0001f4a3",
    "key=value other=1",
    "\0",
    "%s %d {0} {event}",
    "",
]


class Said:
    """What was said so far."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    @property
    def objects(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(params=["text", "json"])
def said(request: pytest.FixtureRequest, as_it_was: None) -> Said:
    """A configured process, in either form."""
    heard = Said()
    configure(Logging(format=request.param, level="debug"), "edge-0", stream=heard.stream)
    return heard


@pytest.fixture
def told(as_it_was: None) -> Said:
    """A configured process that speaks JSON."""
    heard = Said()
    configure(Logging(format="json"), "relay", stream=heard.stream)
    return heard


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_no_value_ends_a_line_or_carries_a_control_character(said: Said, value: str) -> None:
    log = structlog.get_logger("mailwake.send.relay")
    log.warning("relay.refused", reason=value, more=[value], **{value: 1})
    log.warning(value)
    for line in said.stream.getvalue().split("\n")[:-1]:
        assert re.fullmatch(r"[ -~]+", line)
    assert len(said.lines) == 2


def test_bytes_that_were_no_utf_8_leave_a_line_that_any_reader_of_json_takes(told: Said) -> None:
    text = b"caf\xe9".decode("utf-8", "surrogateescape")
    structlog.get_logger("mailwake.send.relay").error("relay.refused", reason=text, **{text: [text]})
    values = msgspec.json.decode(told.stream.getvalue())
    assert (values["reason"], values["caf\ufffd"]) == ("caf\ufffd", ["caf\ufffd"])


@given(text=st.text(), name=st.text())
def test_any_text_stays_one_line_that_reads_back_as_it_was(text: str, name: str) -> None:
    record = logging.makeLogRecord({"name": "mailwake.x", "msg": "a.b", "levelname": "INFO", "values": {name: text}})
    line = Lines(role="web", as_json=True).format(record)
    assert re.fullmatch(r"[ -~]+", line)
    if name not in ("time", "level", "role", "event") and max(len(name), len(text)) <= MAX_CHARS:
        assert json.loads(line)[name] == text
    assert re.fullmatch(r"[ -~]+", Lines(role="web", as_json=False).format(record))


def test_a_value_cannot_take_the_place_of_time_level_role_or_event(told: Said) -> None:
    log = structlog.get_logger("mailwake.send.relay")
    log.info("relay.taken", time="never", level="none", role="nobody")
    (line,) = told.objects
    assert list(line) == ["time", "level", "role", "event"]
    assert (line["level"], line["role"], line["event"]) == ("info", "relay", "relay.taken")


def test_a_line_of_text_names_time_level_event_and_values(as_it_was: None) -> None:
    heard = Said()
    configure(Logging(), "relay", stream=heard.stream)
    structlog.get_logger("mailwake.send").warning("relay.events_lost", events=3, reason="no disk", path=Path("/a/b"))
    (line,) = heard.lines
    assert re.fullmatch(
        r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning relay\.events_lost events=3 reason="no disk" path=/a/b', line
    )


def test_the_standard_librarys_loggers_say_the_same(told: Said) -> None:
    logging.getLogger("mailwake.edge.worker").info("edge.stopped", extra={"values": {"requests": 7}})
    (line,) = told.objects
    assert (line["event"], line["requests"]) == ("edge.stopped", 7)


def test_less_than_the_level_is_not_said(told: Said) -> None:
    structlog.get_logger("mailwake.send").debug("relay.detail")
    logging.getLogger("mailwake.edge").debug("edge.detail")
    assert told.lines == []


def test_a_fault_is_said_by_kind_and_place_and_never_by_what_it_quotes(told: Said) -> None:
    secret = "canary-token"
    try:
        try:
            raise KeyError(secret)
        except KeyError as behind:
            raise Unavailable(f"cannot handle {secret}") from behind
    except Unavailable:
        structlog.get_logger("mailwake.pipeline").exception("pipeline.failed")
        logging.getLogger("mailwake.edge").exception("edge.fault")
    assert secret not in told.stream.getvalue()
    for line in told.objects:
        assert line["fault"] == "Unavailable < KeyError"
        assert re.fullmatch(r"cli/test_logs\.py:\d+ test_a_fault_is_said\w+", line["places"][-1])  # type: ignore[index]


def test_what_nobody_caught_is_one_line_too(told: Said) -> None:
    def fail() -> None:
        raise ValueError("canary-address@example.com")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as fault:
        sys.excepthook(ValueError, fault, fault.__traceback__)
    assert [line["event"] for line in told.objects] == ["process.fault", "process.fault"]
    assert "canary" not in told.stream.getvalue()


def test_a_librarys_sentences_are_not_repeated(told: Said) -> None:
    logging.getLogger("mail.log").warning("%r unrecognised: %s", ("192.0.2.7", 4711), "canary")
    logging.getLogger("asyncio").error("Exception in callback f(b'GET /o/canary')")
    logging.getLogger("mail.log").info("%r recip: %s", ("192.0.2.7", 4711), "canary@example.com")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("canary", UserWarning, stacklevel=1)
    assert [line["logger"] for line in told.objects] == ["mail.log", "asyncio", "py.warnings"]
    assert all(str(line["place"]).startswith(("test_logs.py:", "warnings.py:")) for line in told.objects)
    assert "canary" not in told.stream.getvalue()
    assert "192.0.2.7" not in told.stream.getvalue()


def test_a_record_that_cannot_be_written_is_not_quoted(told: Said, capsys: pytest.CaptureFixture[str]) -> None:
    told.stream.close()
    logging.getLogger("mailwake.edge").warning("edge.fault", extra={"values": {"reason": "canary"}})
    assert "canary" not in "".join(capsys.readouterr())


def test_values_are_numbers_and_short_texts_and_of_the_rest_only_the_type() -> None:
    assert harmless(b"raw bytes") == "<bytes>"
    assert harmless(object()) == "<object>"
    assert harmless(Mode.AGGREGATE) == 1
    assert harmless({1: [True, None, 2.5, ("x",)]}) == {"1": [True, None, 2.5, ["x"]]}
    assert harmless("x" * 10_000) == "x" * MAX_CHARS + "…"


def test_a_role_without_structlog_does_not_load_it() -> None:
    code = (
        "import sys; from mailwake.cli.logs import configure; from mailwake.sections import Logging; "
        "configure(Logging(), 'edge-0', through_structlog=False); import mailwake.cli.edge, mailwake.edge.worker; "
        "raise SystemExit('structlog' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def calls() -> list[tuple[Path, ast.Call]]:
    """Each line that is logged, with its file."""
    return [
        (path, node)
        for path in sorted(SOURCE.rglob("*.py"))
        if re.search(r"\b(_?log|logger)\s*\.", text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"log", "_log", "logger"}
    ]


def test_every_line_is_an_event_with_values_and_never_a_made_sentence() -> None:
    found = calls()
    assert len(found) > 10
    for path, call in found:
        where = f"{path.relative_to(SOURCE)}:{call.lineno}"
        assert len(call.args) == 1, where
        event = call.args[0]
        assert isinstance(event, ast.Constant), f"{where} makes a sentence"
        assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+", str(event.value)), f"{where} says {event.value!r}"
