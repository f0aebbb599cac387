"""An answer: a status, headers and a body, made once and sent many times."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus


class Response:
    """An answer, made once and sent many times; the date and the connection's fate are added when it leaves.

    Args:
        status: such as 200.
        headers: names and values, ASCII; `Content-Length` is added.
        body: what a GET gets; a HEAD gets the same headers alone.
    """

    __slots__ = ("body", "head", "status", "tail", "whole")

    def __init__(self, status: int, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header with a line break")
        self.status = status
        self.head = "".join(f"{line}\r\n" for line in [*lines, f"Content-Length: {len(body)}"]).encode("ascii")
        self.body = body
        #: the last bytes it left as, and the tail that they have; most answers of a second are the same bytes
        self.tail = self.whole = b""

    def to_wire(self, tail: bytes, *, with_body: bool) -> bytes:
        """The answer as it leaves.

        Args:
            tail: the last header lines and the empty one.
            with_body: False for HEAD.
        """
        if not with_body:
            return self.head + tail
        if self.tail is not tail:
            self.tail, self.whole = tail, self.head + tail + self.body
        return self.whole


def plain(status: int, *headers: tuple[str, str]) -> Response:
    """A bare answer for those who do not speak HTTP, or ask what nobody offers."""
    body = f"{status} {HTTPStatus(status).phrase}\n".encode()
    fixed = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))
    return Response(status, [*fixed, ("X-Content-Type-Options", "nosniff"), *headers], body)
