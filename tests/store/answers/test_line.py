"""What is asked anew goes through one thread."""

import threading
from collections.abc import Callable

from mailwake.store.answers.line import Line


def test_answers_are_asked_anew_one_after_the_other_and_a_fault_stops_none() -> None:
    line, done = Line(), threading.Event()
    order: list[int] = []
    busy = threading.Lock()

    def task(number: int) -> Callable[[], None]:
        def run() -> None:
            assert busy.acquire(blocking=False), "two at once"
            order.append(number)
            busy.release()
            if number == 1:
                raise RuntimeError("a fault of ours")
            if number == 4:
                done.set()

        return run

    for number in range(5):
        line(task(number))
    assert done.wait(timeout=30)
    assert order == [0, 1, 2, 3, 4]
