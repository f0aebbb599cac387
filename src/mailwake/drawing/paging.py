"""Earlier and later pages as plain links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """Where a reader is, and where the pages beside are; empty where there is none."""

    page: int
    last: int
    before: str
    after: str
    is_several: bool


def pages(path: str, query: Mapping[str, str], *, page: int, total: int, page_size: int) -> Pages:
    """The pages of a list.

    Args:
        path: of the list.
        query: its other parameters; empty ones are left out.
        page: from 1; may lie beyond the last.
        total: lines on all pages.
        page_size: lines on one.
    """
    last = max(1, -(-total // page_size))

    def link(number: int) -> str:
        wanted = {name: value for name, value in query.items() if value}
        return f"{path}?{urlencode({**wanted, 'page': number})}"

    return Pages(
        page=page,
        last=last,
        before=link(min(page - 1, last)) if page > 1 else "",
        after=link(page + 1) if page < last else "",
        is_several=last > 1 or page > 1,
    )
