"""``python -m mailwake.simulate FOLDER --port N --notices PORT``: the sink as a process of its own.

The folder may hold `mailboxes.json`, a map from address to `unknown`, `full` or `busy`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

import uvloop

from mailwake.simulate.sink import Notices, Trouble, run_sink


def main() -> None:
    """Read the arguments and listen until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m mailwake.simulate")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notices", type=int, required=True, help="port on this machine that bounces go to")
    given = parser.parse_args()
    boxes = given.folder / "mailboxes.json"
    trouble = json.loads(boxes.read_text(encoding="utf-8")) if boxes.exists() else {}
    notices = Notices(host="127.0.0.1", port=given.notices)
    uvloop.run(_run(given.folder, {address: Trouble(word) for address, word in trouble.items()}, notices, given.port))


async def _run(folder: Path, trouble: dict[str, Trouble], notices: Notices, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run_sink(folder, trouble, notices, stop=stop, port=port)


if __name__ == "__main__":
    main()
