"""Requests as bytes, and what an echo says of them."""

from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

import msgspec
from tests.contract.http.engines import Server, Talk, new_name
from tests.line import Answer

HOST = b"Host: x\r\n"
CLOSE = b"Connection: close\r\n"


def get(path: str, *lines: bytes, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    """A request with a host and these header lines."""
    more = b"".join(line + b"\r\n" for line in lines)
    return b"%s %s %s\r\n%s%s\r\n" % (method, path.encode("latin-1"), version, HOST, more)


def post(body: bytes, *lines: bytes) -> bytes:
    """A POST of the body as it stands, framed by these header lines."""
    return get("/b", *lines, method=b"POST") + body


def last(path: str = "/last") -> bytes:
    """A request after which the line is closed."""
    return get(path, b"Connection: close")


class Told(msgspec.Struct):
    """What an echo was asked."""

    method: str
    target: str
    host: str | None
    headers: list[tuple[str, str]]
    body: str


def told(answer: Answer) -> Told:
    return msgspec.json.decode(answer.body, type=Told)


def fate(server: Server, data: bytes, *, patience_seconds: float = 0.3) -> str:
    """What becomes of bytes with another request right behind them, and whether that one is run."""
    name = new_name()
    talk = server.talk(data + last(f"/smuggled/{name}"), patience_seconds=patience_seconds)
    if server.count("seen", name):
        return f"{' then '.join(map(str, talk.statuses)) or 'nothing'}, runs what follows"
    return str(talk)


def together(server: Server, cases: dict[str, bytes], *, alone: bool = False) -> dict[str, str]:
    """What becomes of each, with patience and all at once, because some wait; once per server and set of cases.

    Args:
        server: to ask.
        cases: bytes by name.
        alone: nothing is put behind them.
    """
    known = _together.setdefault(server, {})
    name = " ".join(cases)
    if name not in known:
        with ThreadPoolExecutor(len(cases)) as pool:

            def ask(data: bytes) -> str:
                return str(server.talk(data, patience_seconds=2)) if alone else fate(server, data, patience_seconds=2)

            known[name] = dict(zip(cases, pool.map(ask, cases.values()), strict=True))
    return known[name]


_together: WeakKeyDictionary[Server, dict[str, dict[str, str]]] = WeakKeyDictionary()


def outcome(talk: Talk, *, count: int = 1) -> str:
    """Whether all were answered, or the line was closed as the answer before had said."""
    said = talk.answers[-1]["Connection"] if talk.answers else None
    if len(talk.answers) < count and talk.is_closed and (said or "").lower() == "close":
        return "closed as it was told"
    return " ".join(told(answer).target if answer.status == 200 else str(answer.status) for answer in talk.answers)
