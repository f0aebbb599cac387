"""Tables as files, for whoever looks at a page and for `mailwake export`: streamed, two at a time."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated
from weakref import finalize

from fastapi import Path as PathParameter
from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from mailwake.errors import BadInput, Unavailable
from mailwake.exports.formats import FORMATS, csv_parts, json_parts, parquet_file
from mailwake.exports.pack import make_pack
from mailwake.exports.snapshot import write_snapshot
from mailwake.exports.tables import TABLES, asked_of, rows_of, table_named
from mailwake.insight.report import find
from mailwake.people.people import FILTERS
from mailwake.web.api import guarded, now_of, stores_of
from mailwake.web.narrowing import Narrowed

#: More at once would only slow each other down, and everybody who looks at a page.
AT_ONCE = 2
_RETRY_SECONDS = 30.0
_PART_BYTES = 1 << 18
ZIP, DUCKDB = "application/zip", "application/vnd.duckdb"

router = guarded()

Format = Annotated[str, Query(max_length=10, description="Of the file.", json_schema_extra={"enum": list(FORMATS)})]
Name = Annotated[str, PathParameter(description="Of the table.", json_schema_extra={"enum": list(TABLES)})]
Campaign = Annotated[str, Query(max_length=200, description="Name or number, where the table is of one.")]
CampaignName = Annotated[str, Query(min_length=1, max_length=200, description="Name or number.")]
Addresses = Annotated[bool, Query(description="With addresses, and the words of other servers.")]
Outcome = Annotated[
    str, Query(max_length=40, description="Of people: which copies.", json_schema_extra={"enum": ["", *FILTERS]})
]
Segment = Annotated[str, Query(max_length=100, description="Name, where the table is of one.")]


class Places:
    """How many exports may run at once."""

    def __init__(self, count: int = AT_ONCE) -> None:
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> Callable[[], None]:
        """A place, until what comes back is called.

        Raises:
            Unavailable: all are taken.
        """
        if not self._free.acquire(blocking=False):
            raise Unavailable(
                f"{AT_ONCE} exports are running already; try again in {_RETRY_SECONDS:.0f} seconds",
                retry_after_seconds=_RETRY_SECONDS,
            )
        return self._free.release


@router.get("/api/export/{table}")
def export(
    request: Request,
    table: Name,
    there: Narrowed,
    *,
    format: Format = "csv",  # noqa: A002 - the name of the parameter
    campaign: Campaign = "",
    outcome: Outcome = "",
    segment: Segment = "",
) -> Response:
    """A table as a file, streamed: campaigns, people, links, events, bounces, suppressions or segment."""
    if format not in FORMATS:
        raise BadInput(f"there is no format {format!r}; there are {', '.join(FORMATS)}")
    stores, wanted = stores_of(request), table_named(table)
    chosen = {"campaign": campaign, "outcome": outcome, "segment": segment}
    asked = asked_of(stores, wanted, **chosen, there=there, now=now_of(request))
    batches = rows_of(stores, wanted, asked)
    if format == "parquet":
        return file_answer(request, f"{table}.parquet", FORMATS[format], partial(parquet_file, wanted.columns, batches))
    make = csv_parts if format == "csv" else json_parts
    give_back = places_of(request).take()
    with handing_over(give_back):
        parts = make(wanted.columns, batches)
        first = next(parts, b"")  # what cannot be read is told before anything is on its way
        answer = StreamingResponse(
            chain((first,), parts), media_type=FORMATS[format], headers=_named(f"{table}.{format}")
        )
        finalize(answer, give_back)
        return answer


@router.get("/api/pack")
def pack(request: Request, *, campaign: CampaignName) -> Response:
    """A campaign as a signed pack, which another installation can check."""
    stores, maker = stores_of(request), request.app.state.packs
    found = find(stores, campaign)
    if maker is None:
        raise Unavailable("this dashboard has no key to sign with; nobody told it where the keys are")
    return file_answer(request, f"campaign-{found.id}.zip", ZIP, lambda path: make_pack(stores, found, path, maker()))


@router.get("/api/snapshot")
def snapshot(request: Request, *, addresses: Addresses = False) -> Response:
    """Everything as a DuckDB file with documented views, for notebooks."""
    write = partial(write_snapshot, stores_of(request), now=now_of(request), addresses=addresses, each=lambda _: None)
    return file_answer(request, "mailwake.duckdb", DUCKDB, write)


def file_answer(request: Request, name: str, media_type: str, write: Callable[[Path], object]) -> Response:
    """A file that is made first, sent next, and then forgotten, in a place of its own."""
    give_back = places_of(request).take()
    folder = Path(mkdtemp(prefix="mailwake-export-"))

    def forget() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        give_back()

    with handing_over(forget):
        write(folder / name)
        headers = {**_named(name), "Content-Length": str((folder / name).stat().st_size)}
        # Not Starlette's FileResponse: that leaves the reading to the server, after we have forgotten the file.
        answer = StreamingResponse(_parts(folder / name), media_type=media_type, headers=headers)
        finalize(answer, forget)
        return answer


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART_BYTES):
            yield part


def places_of(request: Request) -> Places:
    """Where exports take their places."""
    places: Places = request.app.state.exports
    return places


@contextmanager
def handing_over(give_back: Callable[[], None]) -> Iterator[None]:
    """What fails before an answer is on its way gives its place back at once."""
    try:
        yield
    except BaseException:
        give_back()
        raise


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
