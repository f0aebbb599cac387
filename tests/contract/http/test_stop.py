"""A stop takes nothing new and answers what has come in."""

import select
import signal

from tests.contract.http.conftest import Expect, Serve
from tests.contract.http.engines import Server
from tests.contract.http.requests import get

PATIENCE_SECONDS = 2.0


def refuses(server: Server) -> bool:
    """Whether nobody is let in any more, soon."""
    for _ in range(100):
        try:
            with server.line() as line:
                line.send(get("/"))
                line.read()
        except (OSError, EOFError):
            return True
        select.select([], [], [], 0.02)
    return False


def test_what_is_under_way_is_answered_and_then_the_line_is_closed(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone()
    with server.line() as line:
        line.send(get("/later/500"))
        server.wait_for(1, "later")
        server.ask_to_stop()
        answer = line.read()
        said = (answer["Connection"] or "").lower()
        expect(
            f"{answer.status}, {'closed' if line.is_closed() else 'left open'}, says {said}", "200, closed, says close"
        )


def test_requests_waiting_in_a_pipeline_are_all_answered(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone()
    with server.line() as line:
        line.send(get("/later/200") * 5)
        server.wait_for(1, "later")
        server.ask_to_stop()
        expect(line.rest().count(b"HTTP/1.1 200"), 5)


def test_an_idle_line_is_closed_soon(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone()
    with server.line() as busy, server.line() as idle:
        idle.send(get("/a"))
        idle.read()
        busy.send(get("/later/4000"))
        server.wait_for(1, "later")
        server.ask_to_stop()
        expect("closed" if idle.is_readable(3) else "left open", "closed")
        busy.rest()


def test_nobody_new_is_let_in(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone()
    with server.line() as busy:
        busy.send(get("/later/1500"))
        server.wait_for(1, "later")
        server.ask_to_stop()
        expect("refused" if refuses(server) else "let in", "refused")
        busy.rest()


def test_a_stop_does_not_wait_for_ever(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone(grace_seconds=1)
    with server.line() as line:
        line.send(get("/held/for-ever"))
        server.wait_for(1, "for-ever")
        server.ask_to_stop()
        expect("cut" if line.is_readable(6) else "waits", "cut")


def test_a_stop_with_nothing_to_do_ends_well(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone()
    server.ask_to_stop()
    code = server.wait()
    expect("ended" if code in (0, -signal.SIGTERM) else code, "ended")
