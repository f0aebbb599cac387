"""What a process takes of the machine, as the kernel says; Linux."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from tests.chaos.installation import Installation, Role


class Vitals(NamedTuple):
    """One look."""

    #: resident memory, bytes
    rss: int
    #: the most it ever was, bytes
    peak: int
    #: open file descriptors
    descriptors: int
    #: of those, sockets
    sockets: int
    #: size of the largest write-ahead log, bytes
    wal: int

    def __str__(self) -> str:
        return f"{self.rss / 1e6:.1f} MB, {self.descriptors} descriptors, write-ahead log {self.wal / 1e6:.1f} MB"


def look_at(role: Role, house: Installation) -> Vitals:
    lines = Path(f"/proc/{role.pid}/status").read_text(encoding="ascii").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    sizes = [path.stat().st_size for path in (house.data / "log").glob("*-wal")]
    open_files = _open_files(role.pid)
    return Vitals(
        rss=int(status["VmRSS"].split()[0]) * 1024,
        peak=int(status["VmHWM"].split()[0]) * 1024,
        descriptors=len(open_files),
        sockets=sum(name.startswith("socket:") for name in open_files),
        wal=max(sizes, default=0),
    )


def _open_files(pid: int) -> list[str]:
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while we look
            found.append(str(path.readlink()))
    return found
