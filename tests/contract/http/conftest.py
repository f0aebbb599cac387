"""The suite runs on every engine; a new one is a new line in `ENGINES`."""

from collections.abc import Callable, Iterator

import pytest
from tests.contract.http.differs import DIFFERS, sentence
from tests.contract.http.engines import ENGINES, Limits, Server

#: The quick run is about our own; what the others do is looked up again in the long one.
_PARAMS = [each if each == "own" else pytest.param(each, marks=pytest.mark.long) for each in ENGINES]


@pytest.fixture(scope="session", params=_PARAMS)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Servers = dict[tuple[str, Limits], Server]


@pytest.fixture(scope="session")
def started() -> Iterator[Servers]:
    """The servers that tests share, by engine and limits."""
    servers: Servers = {}
    yield servers
    printed = {key: server.stop() for key, server in servers.items()}
    for (engine, _), text in printed.items():
        assert engine != "own" or text == "0\n", "a handler failed"


Serve = Callable[..., Server]


@pytest.fixture
def serve(engine: str, started: Servers, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """A running server with these limits; tests share it, and it has to bear that."""

    def start(**limits: float) -> Server:
        key = engine, Limits(**limits)  # type: ignore[arg-type]  # the names are those of Limits
        if key not in started:
            started[key] = Server(*key, tmp_path_factory.mktemp(engine) / "errors")
        return started[key]

    return start


@pytest.fixture
def serve_alone(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A server that the test may spoil or stop."""
    servers: list[Server] = []

    def start(**limits: float) -> Server:
        own_limits = Limits(**limits)  # type: ignore[arg-type]  # the names are those of Limits
        servers.append(Server(engine, own_limits, tmp_path_factory.mktemp(engine) / "errors"))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


Expect = Callable[..., None]


@pytest.fixture
def expect(request: pytest.FixtureRequest, engine: str) -> Iterator[Expect]:
    """Compare what happened with the promise, or with what the table says this engine does instead."""
    promise = sentence(request.node.originalname, request.node.callspec.params.get("case"))
    instead = DIFFERS.get((engine, promise), "").split(" or ")
    calls: list[str] = []

    def check(happened: object, *promised: object) -> None:
        said, wanted = str(happened), [str(each) for each in promised]
        calls.append(said)
        if (engine, promise) not in DIFFERS:
            assert said in wanted, f"{engine}: {promise}: {said!r}, and not {wanted}"
        else:
            assert not set(instead) & set(wanted), "the table names no difference"
            assert said in instead, f"{engine}: {promise}: by now {said!r}; the promise is {wanted}"

    yield check
    assert len(calls) == 1, "every test of the suite compares once"
