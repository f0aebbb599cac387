"""Work beside is told to stop, and waited for."""

import threading

from mailwake import beside


def test_all_work_is_told_to_stop_and_waited_for() -> None:
    began, ended = threading.Barrier(3), list[str]()

    def work(name: str, stop: threading.Event) -> None:
        began.wait()
        stop.wait()
        ended.append(name)

    stop = beside.begin("tests", lambda stop: work("a", stop), lambda stop: work("b", stop))
    began.wait()
    assert ended == []
    stop()
    assert sorted(ended) == ["a", "b"]
    stop()  # twice is once


def test_threads_are_found_by_their_name() -> None:
    names = list[str]()

    def work(_: threading.Event) -> None:
        names.append(threading.current_thread().name)

    beside.begin("reports of tests", work)()
    assert names == ["reports of tests"]
