"""A client that sends exactly the bytes it is told to, and reads what comes back by the letter of RFC 9112."""

import select
import socket
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A response as it came over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        found = [value for each, value in self.headers if each.lower() == name.lower()]
        assert len(found) < 2, f"{name} came {len(found)} times"
        return found[0] if found else None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


class Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # pieces travel as pieces
        self._came = bytearray()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, *, head_only: bool = False) -> Answer:
        """The next answer; EOFError when there is none, TimeoutError when none comes in time."""
        while (end := self._came.find(b"\r\n\r\n")) < 0:
            self._read_more()
        status, *lines = self._came[:end].decode("latin-1").split("\r\n")
        answer = Answer(int(status.split()[1]), [(n, v) for n, _, v in (line.partition(": ") for line in lines)], b"")
        del self._came[: end + 4]
        if head_only or answer.status < 200 or answer.status in (204, 304):
            return answer
        return Answer(answer.status, answer.headers, self._body(answer))

    def _body(self, answer: Answer) -> bytes:
        if answer["Transfer-Encoding"] == "chunked":
            return self._chunks()
        if answer["Content-Length"] is not None:
            return self._take(int(answer["Content-Length"]))
        assert (answer["Connection"] or "").lower() == "close", "a body without an end on a line that stays open"
        return self.rest()

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while (end := self._came.find(b"\r\n")) < 0:
                self._read_more()
            size = int(self._came[:end], 16)
            del self._came[: end + 2]
            body += self._take(size)
            assert self._take(2) == b"\r\n"
            if size == 0:
                return body

    def _take(self, count: int) -> bytes:
        while len(self._came) < count:
            self._read_more()
        taken = bytes(self._came[:count])
        del self._came[:count]
        return taken

    def _read_more(self) -> None:
        more = self.socket.recv(1 << 16)
        if not more:
            raise EOFError
        self._came += more

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        try:
            while True:
                self._read_more()
        except (EOFError, ConnectionResetError):
            rest = bytes(self._came)
            self._came.clear()
            return rest

    def is_readable(self, seconds: float) -> bool:
        """Whether something comes, or the end, within this time."""
        poll = select.poll()  # select() takes no descriptor above 1,023
        poll.register(self.socket, select.POLLIN)
        return bool(self._came) or bool(poll.poll(seconds * 1000))

    def is_closed(self) -> bool:
        """Waits until the other side has closed; False when it says something more instead."""
        if self._came:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def finish(self) -> None:
        """Send no more, but go on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Leave without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
