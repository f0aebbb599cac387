"""A count on the terminal while something takes long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def counted(items: Iterable[T], what: str) -> Iterator[T]:
    """The same items, with a count of them on the terminal, where there is one.

    Args:
        items: to pass on.
        what: they are, behind the number: `mails read`.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True)
    text = TextColumn("{task.completed:,.0f} {task.description}")
    if not console.is_terminal:
        yield from items
        return
    with Progress(SpinnerColumn(), text, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        for each in items:
            bar.advance(task)
            yield each
