"""How `mailwake serve` starts a role: the function behind `mailwake WORD`, without what reads a command line.

``python -m mailwake.cli.role WORD OPTIONS``, options as a JSON object. What reads a command line as people type it
costs 6 MB in every role for as long as it runs, and rich, which structlog loads where it finds it, another 7 MB
(`Private_Dirty`; Linux, Python 3.11, 2026-11-25).
"""

from __future__ import annotations

import ctypes
import json
import sys
import threading
from importlib import import_module

from mailwake.cli import run

#: By then a role has come up.
_SETTLED_SECONDS = 10.0


def main() -> None:
    """Run one role until it is told to stop; faults end as in `mailwake WORD`."""
    word, options = sys.argv[1:]
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's own way to say: not there
    settled = threading.Timer(_SETTLED_SECONDS, give_back)
    settled.daemon = True
    settled.start()
    run(lambda: import_module(f"mailwake.cli.{word}").command(**json.loads(options)))


def give_back() -> None:
    """Return what starting up left unused: glibc keeps 2 to 5 MB of each role until it is asked (malloc_trim(3))."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


if __name__ == "__main__":
    main()
