"""Opens an installation's log."""

from __future__ import annotations

import time
from pathlib import Path

from mailwake.audit.anchors import NAME, Anchors
from mailwake.errors import Misconfigured
from mailwake.settings import Settings
from mailwake.tokens import KeyRing


def wall_clock() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1_000


def anchors_of(settings: Settings) -> Anchors:
    """Its anchors; unsigned, and judged by nobody, where the keys cannot be read."""
    return Anchors(_place(settings), _keys(settings))


def _place(settings: Settings) -> Path:
    return settings.data_folder / NAME


def _keys(settings: Settings) -> KeyRing | None:
    try:
        return settings.load_keys()
    except Misconfigured:
        return None
