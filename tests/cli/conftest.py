"""A command in this process changes what belongs to all of it; afterwards it is as it was."""

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """Puts back what `configure` changes for a whole process."""
    root, ours = logging.getLogger(), logging.getLogger("mailwake")
    before = root.handlers[:], root.level, ours.level, logging.raiseExceptions
    unstructured = structlog.get_config()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root.handlers[:], logging.raiseExceptions = before[0], before[3]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(capture=False)
    structlog.configure(**unstructured)
