"""Commands that the demo runs as a person would."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from mailwake.errors import Unavailable

#: a complete run of `mailwake send` may need this many goes when something is killed under it
GOES = 20
_PAUSE_SECONDS = 0.3


def run(*words: str, config: Path) -> subprocess.CompletedProcess[bytes]:
    """One run of `mailwake`."""
    command = (sys.executable, "-m", "mailwake", *words, "--config", str(config))
    return subprocess.run(command, capture_output=True, check=False)


def send_until_done(*words: str, config: Path) -> None:
    """The command, again until it says that everybody has it or is in doubt.

    Raises:
        Unavailable: it does not come to an end.
    """
    for _ in range(GOES):
        done = run(*words, "--json", config=config)
        if done.returncode == 0 or (done.stdout and not _is_to_do(done.stdout)):
            return
        time.sleep(_PAUSE_SECONDS)
    raise Unavailable(f"`mailwake {words[0]}` did not finish: {done.stderr.decode().strip()}")


def _is_to_do(said: bytes) -> bool:
    """Whether another run would mail somebody."""
    result = json.loads(said)
    return bool(result["waiting"] or result["deferred"])
