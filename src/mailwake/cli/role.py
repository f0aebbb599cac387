"""How `mailwake serve` starts a role: the function behind `mailwake WORD`, without what reads a command line.

``python -m mailwake.cli.role WORD OPTIONS``, options as a JSON object. What reads a command line as people type it
costs 6 MB in every role for as long as it runs, and rich, which structlog loads where it finds it, another 7 MB
(`Private_Dirty`; Linux, Python 3.11, 2026-11-25).
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

from mailwake.cli import run


def main() -> None:
    """Run one role until it is told to stop; faults end as in `mailwake WORD`."""
    word, options = sys.argv[1:]
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's own way to say: not there
    run(lambda: import_module(f"mailwake.cli.{word}").command(**json.loads(options)))


if __name__ == "__main__":
    main()
