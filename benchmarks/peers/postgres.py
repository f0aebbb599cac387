"""A PostgreSQL cluster for one benchmark: own folder, own socket, commits synced, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OPTIONS = "-c listen_addresses= -c shared_buffers=1GB -c synchronous_commit=on -c fsync=on -c max_connections=200"


def found() -> str | None:
    """The folder of the server's programs; None where there is none."""
    beside = [Path(path) for path in sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
    known = shutil.which("initdb")
    for folder in [*beside, *([Path(known).parent] if known else [])]:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "psql")):
            return str(folder)
    return None


def _as_nobody(folder: Path) -> list[str]:
    """The server refuses to run as root."""
    if os.getuid():
        return []
    name = next(name for name in ("postgres", "nobody") if _exists(name))
    shutil.chown(folder, name)
    return ["setpriv", f"--reuid={name}", "--clear-groups"]


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def cluster(core: int | None = None) -> Iterator[Path]:
    """The folder of its socket; the user is ``bench``, the database ``postgres``."""
    programs = found()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed; this benchmark needs initdb, pg_ctl and psql")
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    folder.chmod(0o755)
    run = [*_as_nobody(folder)]
    pin = ["taskset", "-c", str(core)] if core is not None else []
    data, options = folder / "data", f"{_OPTIONS} -k {folder}"
    quiet = {"stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run([*run, f"{programs}/initdb", "-D", data, "-U", "bench", "-A", "trust"], check=True, **quiet)
    start = [*run, *pin, f"{programs}/pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options]
    subprocess.run([*start, "start"], check=True, **quiet)
    try:
        yield folder
    finally:
        subprocess.run([*run, f"{programs}/pg_ctl", "-D", data, "-m", "fast", "stop"], check=False, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


def run_sql(socket: Path, sql: str) -> None:
    """Run statements, or say what is wrong with them."""
    command = [f"{found()}/psql", "-h", str(socket), "-U", "bench", "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1"]
    subprocess.run(command, input=sql, text=True, check=True, stdout=subprocess.DEVNULL)
