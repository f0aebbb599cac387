"""Sockets that systemd or the supervisor keeps open for a role."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailwake.cli import listening
from mailwake.cli.listening import NONE, choose, from_descriptor, handed_over
from mailwake.cli.serve import is_one_address, listeners_for
from mailwake.errors import Misconfigured, Unavailable
from mailwake.settings import parse


def told(count: int, names: str = "", pid: int | None = None) -> dict[str, str]:
    return {"LISTEN_PID": str(pid or os.getpid()), "LISTEN_FDS": str(count), "LISTEN_FDNAMES": names, "HOME": "/"}


def test_what_systemd_opened_is_known_by_its_names_and_told_to_no_child() -> None:
    environment = told(2, "edge:relay")
    assert handed_over(environment) == {"edge": 3, "relay": 4}
    assert environment == {"HOME": "/"}


def test_what_was_meant_for_another_process_is_not_ours() -> None:
    environment = told(1, "edge", pid=1)
    assert handed_over(environment) == {}
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize("count", ["", "-1", "x", "²"])
def test_nonsense_is_no_socket(count: str) -> None:
    assert handed_over({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count}) == {}


@pytest.fixture
def at_three(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A listener where systemd would put its first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(listening, "_FIRST", listener.fileno())
        yield listener


def test_the_only_socket_is_the_roles_own_whatever_its_name(at_three: socket.socket) -> None:
    found = choose(NONE, "edge", told(1, "mailwake-edge@0.socket"))
    assert found is not None
    assert found.getsockname() == at_three.getsockname()
    found.detach()


def test_of_several_sockets_a_role_takes_the_one_of_its_name(at_three: socket.socket) -> None:
    found = choose(NONE, "edge", told(2, "edge:relay"))
    assert found is not None
    assert found.detach() == at_three.fileno()
    assert choose(NONE, "edge", told(2, "one:other")) is None


def test_without_any_a_role_opens_its_own() -> None:
    assert choose(NONE, "edge", {}) is None


def test_what_is_no_tcp_socket_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(Misconfigured, match=r"--fd: .* is no socket"):
        from_descriptor(file.fileno())
    with socket.socket(socket.AF_UNIX) as other, pytest.raises(Misconfigured, match="of another kind"):
        from_descriptor(other.fileno())


def test_each_edge_worker_and_the_relay_have_a_queue_of_their_own(tmp_path: Path) -> None:
    settings = parse({"edge": {"workers": 2, "port": 0}, "relay": {"port": 0}}, root=tmp_path)
    found = listeners_for(settings, {})
    sockets = {role: socket.socket(fileno=fd) for role, fd in found.items()}
    try:
        assert set(sockets) == {"edge-0", "edge-1", "relay"}
        ports = {role: each.getsockname()[1] for role, each in sockets.items()}
        assert ports["edge-0"] == ports["edge-1"] != ports["relay"]
        for each in sockets.values():
            assert each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), "whoever comes waits"
            assert os.get_inheritable(each.fileno())
    finally:
        for each in sockets.values():
            each.close()


def test_what_systemd_holds_is_not_opened_again(tmp_path: Path) -> None:
    settings = parse({"edge": {"workers": 2}}, root=tmp_path)
    assert listeners_for(settings, {"edge": 7, "relay": 8}) == {"edge-0": 7, "edge-1": 7, "relay": 8}


def test_a_port_that_is_taken_names_the_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = parse({"edge": {"port": taken.getsockname()[1]}}, root=tmp_path)
        with pytest.raises(Unavailable, match=r"change edge\.port or edge\.host"):
            listeners_for(settings, {})


def test_a_name_of_several_addresses_is_left_to_the_relay() -> None:
    assert is_one_address("127.0.0.1")
    assert is_one_address("::1")
    assert not is_one_address("no such name.invalid")


def test_whoever_connects_while_no_process_takes_from_the_socket_waits_and_is_answered(tmp_path: Path) -> None:
    """The queue of a socket that somebody else holds outlives the process that took from it."""
    code = (
        "import socket; from mailwake.cli.listening import choose; import sys;"
        "s = choose(int(sys.argv[1]), 'edge', {}); s.setblocking(True); c, _ = s.accept(); c.sendall(c.recv(9))"
    )
    with socket.create_server(("127.0.0.1", 0)) as held:
        held.set_inheritable(True)
        for word in (b"one", b"two"):
            with socket.create_connection(held.getsockname(), timeout=60) as line:
                line.sendall(word)
                command = (sys.executable, "-c", code, str(held.fileno()))
                subprocess.run(command, check=True, cwd=tmp_path, pass_fds=(held.fileno(),))
                assert line.recv(9) == word
