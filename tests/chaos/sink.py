"""The next mail server, in a process of its own: what it says 250 to stands in a file first, a line per recipient.

Run it as: ``python -m tests.chaos.sink PORT FILE SEED``
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

_SERIAL = re.compile(rb"^X-Serial: ([0-9]+)\r?$", re.MULTILINE)


class Sink:
    """Takes everything, after a moment's thought before and after it has it."""

    def __init__(self, path: Path, dice: random.Random) -> None:
        self._file, self._dice = path.open("a", encoding="utf-8"), dice

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(self._dice.uniform(0, 0.01))
        found = _SERIAL.search(envelope.content)
        for address in envelope.rcpt_tos:
            self._file.write(json.dumps({"serial": int(found[1]) if found else 0, "to": address}) + "\n")
        self._file.flush()
        await asyncio.sleep(self._dice.uniform(0, 0.01))
        return "250 2.0.0 kept"


async def main() -> None:
    port, path, seed = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    sink, loop = Sink(path, random.Random(seed)), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, loop=loop, hostname="sink"), "127.0.0.1", port)
    print("sink ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
