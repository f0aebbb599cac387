"""Files from whoever can make them: the dashboard while it runs, for it owns the event store's file, else the stores.

A file appears under its name when it is whole, readable by its owner alone.
"""

from __future__ import annotations

import http.client
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from mailwake.cli.report.asking import fault_of, stores_opened
from mailwake.errors import BadInput, Unavailable
from mailwake.insight.stores import Stores
from mailwake.serving import address
from mailwake.settings import Settings

_PART = 1 << 16
#: until the first byte; a pack or a snapshot is made whole before
TIMEOUT_SECONDS = 3_600.0


def fetch(settings: Settings, path: str, make: Callable[[Stores, Path], None], out: Path | None) -> None:
    """Get a file from a running dashboard, or make it of the stores.

    Args:
        settings: of the installation.
        path: what the dashboard is asked.
        make: writes the file where nobody runs.
        out: where it goes; None: standard output.

    Raises:
        BadInput: what was asked for is not there, or the file cannot be written.
        Unavailable: nobody can answer just now.
    """
    if out is not None and not out.parent.is_dir():
        raise BadInput(f"there is no folder {out.parent}")
    with TemporaryDirectory(dir=None if out is None else out.parent, prefix=".mailwake-") as folder:
        beside = Path(folder) / "part"
        running = address.read(settings.data_folder)
        if running is None or not _download(running, path, beside):
            with stores_opened(settings) as stores:
                make(stores, beside)
        _put(beside, out)


def _put(beside: Path, out: Path | None) -> None:
    if out is None:
        with beside.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    beside.chmod(0o600)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(out)


def _download(running: address.Address, path: str, beside: Path) -> bool:
    """Whether a dashboard was there to answer."""
    url = running.url
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers=address.shown(url, running.secret))
        response = connection.getresponse()
        if response.status != 200:
            raise fault_of(response.status, response.read(), url)
        _copy(response, beside)
    except ConnectionRefusedError:
        return False
    except (OSError, http.client.HTTPException) as fault:
        raise Unavailable(f"the dashboard on {url} broke off: {fault}; try again") from None
    finally:
        connection.close()
    return True


def _copy(response: http.client.HTTPResponse, beside: Path) -> None:
    length = response.getheader("content-length")
    columns = (SpinnerColumn(), TextColumn("fetching"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress, beside.open("wb") as file:
        task = progress.add_task("fetching", total=int(length) if length else None)
        while part := response.read(_PART):
            file.write(part)
            progress.advance(task, len(part))
