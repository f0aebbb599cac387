"""What a process says while it works: one event a line, on standard error, for people or as JSON.

Rooms name an event and its values and know nothing of this file; each command that keeps running calls `configure`
once. Every value is written as JSON in ASCII, so nothing that a stranger sends can end a line, colour a terminal or
forge an entry. Of a fault only its kind and the places it came through are said, never its text or the values around
it, because both quote what was being handled: tokens, addresses, requests. Libraries write sentences that do the same,
so of those only the place is said, which leads to the sentence.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import IO, Any

from mailwake.sections import Logging

#: A longer text is cut; a reason needs no more.
MAX_CHARS = 500
#: Places of a fault that are said, the innermost last.
_MAX_PLACES = 8
_OURS = "mailwake"
_EVENT = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_]*)+")
#: What may stand in a line of text without quotes.
_PLAIN = re.compile(r"[A-Za-z0-9_./:+-]+")
#: Half of a pair, as bytes that were no UTF-8 become in Python; strict readers of JSON refuse it.
_LONE = re.compile("[\ud800-\udfff]")


class Lines(logging.Formatter):
    """One record, one line.

    Args:
        role: which process speaks, such as ``edge-0``.
        as_json: one JSON object instead of `time level event key=value`.
    """

    def __init__(self, *, role: str, as_json: bool) -> None:
        super().__init__()
        self._role, self._as_json = role, as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event, values = _told(record)
        if record.exc_info and record.exc_info[1] is not None:
            values |= fault_of(record.exc_info[1])
        time, level = time.replace("+00:00", "Z"), record.levelname.lower()
        if self._as_json:
            head = {"time": time, "level": level, "role": self._role, "event": event}
            return _json({**head, **values, **head})  # these first, and no value in their place
        event = event if _EVENT.fullmatch(event) else _json(event)
        return " ".join([time, level, event, *(f"{_key(name)}={_text(value)}" for name, value in values.items())])


def _told(record: logging.LogRecord) -> tuple[str, dict[str, object]]:
    """Event and values of one of ours; of a library, where it spoke."""
    if record.name.split(".")[0] == _OURS and not record.args:
        given = getattr(record, "values", {})
        return _cut(str(record.msg)), {_cut(str(name)): harmless(value) for name, value in given.items()}
    place = f"{PurePath(record.pathname).name}:{record.lineno}"
    return f"library.{record.levelname.lower()}", {"logger": record.name, "place": place}


def fault_of(fault: BaseException) -> dict[str, object]:
    """The kind of a fault, the kinds behind it, and the places it came through; nothing of what they held."""
    kinds, behind = [_kind(fault)], fault
    while (cause := behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)) is not None:
        kinds.append(_kind(cause))
        behind = cause
    frames = traceback.extract_tb(fault.__traceback__)[-_MAX_PLACES:]
    places = [f"{'/'.join(PurePath(f.filename).parts[-2:])}:{f.lineno} {f.name}" for f in frames]
    return {"fault": " < ".join(kinds[:_MAX_PLACES]), "places": places}


def _kind(fault: BaseException) -> str:
    inner = ", ".join(map(_kind, fault.exceptions)) if isinstance(fault, BaseExceptionGroup) else ""
    return f"{type(fault).__name__}({inner})" if inner else type(fault).__name__


def harmless(value: object) -> object:
    """A value as it may stand in a line: numbers and short texts; of anything else, the name of its type."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return harmless(value.value)
    if isinstance(value, str | PurePath):
        return _cut(str(value))
    if isinstance(value, Mapping):
        return {_cut(str(name)): harmless(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [harmless(each) for each in value]
    return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    text = _LONE.sub("\ufffd", text[: MAX_CHARS + 1])
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")  # DEL, the one control JSON lets pass


def _text(value: object) -> str:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else _json(value)


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else _json(name)


def configure(settings: Logging, role: str, *, stream: IO[str] | None = None, through_structlog: bool = True) -> None:
    """Let this process speak, once, at its start.

    Args:
        settings: form and level.
        role: its name in every line.
        stream: where to; standard error where none is given.
        through_structlog: its rooms log through structlog; a role that does not saves the memory of loading it.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(role=role, as_json=settings.format == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # libraries; what they say below that is about every request
    logging.getLogger(_OURS).setLevel(settings.level.upper())
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # the complaint about a line that fails would quote it
    _catch_what_nobody_caught()
    if through_structlog:
        _send_structlog_here()


def _catch_what_nobody_caught() -> None:
    log = logging.getLogger(f"{_OURS}.cli.logs")

    def tell(fault: BaseException | None, where: TracebackType | None) -> None:
        if fault is not None and not isinstance(fault, KeyboardInterrupt | SystemExit):
            log.critical("process.fault", exc_info=(type(fault), fault, where))

    sys.excepthook = lambda _kind, fault, where: tell(fault, where)
    threading.excepthook = lambda about: tell(about.exc_value, about.exc_traceback)
    sys.unraisablehook = lambda about: tell(about.exc_value, about.exc_traceback)


def _send_structlog_here() -> None:
    import structlog

    structlog.configure(
        processors=[_as_record],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def _as_record(_logger: Any, _method: str, event: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:  # noqa: ANN401 - structlog's
    """What structlog gathered, as arguments of the standard library's logger."""
    values = dict(event)
    text, fault = values.pop("event"), values.pop("exc_info", None)
    return (text,), {"extra": {"values": values}, "exc_info": fault}
