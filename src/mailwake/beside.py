"""Work that goes on beside everything else, in threads of its own, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable


def begin(name: str, *runs: Callable[[threading.Event], None]) -> Callable[[], None]:
    """Start a thread for each work.

    Args:
        name: of the threads, as tools that look into a process show it.
        runs: the work; it looks at the event, which is set when it has to end.

    Returns:
        Call it to tell all of them to stop, and to wait until they have.
    """
    stop = threading.Event()
    threads = [threading.Thread(target=run, args=(stop,), name=name, daemon=True) for run in runs]
    for thread in threads:
        thread.start()

    def stop_and_wait() -> None:
        stop.set()
        for thread in threads:
            thread.join()

    return stop_and_wait
