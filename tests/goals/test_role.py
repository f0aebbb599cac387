"""The role that takes webhooks takes shops' calls too, over real HTTP, also where there is no webhook at all."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.test_webhooks import listening

from mailwake.cli.init import make
from mailwake.cli.serve import roles_of
from mailwake.cli.webhooks_role import command
from mailwake.earnings import keeper
from mailwake.errors import Misconfigured
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import EventType, Micros, decode_event
from mailwake.settings import load, parse
from mailwake.store.state import open_state


@pytest.fixture
def config(tmp_path: Path) -> Path:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    (tmp_path / "shop.token").write_text("s3cret-of-this-shop\n")
    path = tmp_path / "mailwake.toml"
    more = '[webhook_server]\nport = 0\n\n[conversions]\nsecrets = ["file:shop.token"]\n'
    path.write_text(f"{path.read_text()}\n{more}")
    with closing(open_state(load(path).data_folder / "state.sqlite")) as state:
        keeper.add(state, "purchase", value="5", currency="EUR", now=Micros(1), by="test")
    return path


def test_a_shops_call_is_in_the_log_when_the_answer_arrives(config: Path) -> None:
    def post(port: int, token: str, order: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with closing(connection):
            body = json.dumps({"goal": "purchase", "id": order, "address": "ann@example.com"})
            connection.request("POST", "/conversions", body, {"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            return response.status, response.read().decode()

    with listening(config) as port:
        assert post(port, "wrong", "1")[0] == 401
        assert post(port, "s3cret-of-this-shop", "1") == (200, '{"taken": 1, "known": 0}\n')
        assert post(port, "s3cret-of-this-shop", "1") == (200, '{"taken": 0, "known": 1}\n')
    with closing(SqliteReader(load(config).data_folder / "log")) as reader:
        records = [record for segment in reader.read({}, limit_records=100) for record in segment.records]
    assert [decode_event(record).type for record in records] == [EventType.UNKNOWN, EventType.CONVERTED]


def test_serve_runs_the_role_where_shops_have_a_secret(config: Path) -> None:
    assert "webhooks" in [name for name, *_ in roles_of(load(config), "c")]


@pytest.mark.parametrize(
    ("conversions", "words"),
    [
        ({"reference_hosts": ["https://shop.example.com"]}, "no shop's host name"),
        ({"reference_hosts": ["*.example.com"]}, "no shop's host name"),
        ({"reference_hosts": ["track.example.com"]}, "no shop's host name"),
        ({"reference_parameter": "a&b"}, "1 to 32"),
        ({"reference_parameter": ""}, "1 to 32"),
        ({"secret": ["x"]}, "did you mean conversions.secrets"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, conversions: dict[str, object], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        parse({"conversions": conversions}, root=tmp_path)


@pytest.mark.parametrize(
    ("secret", "words"), [("\n", "is empty"), ("ChangeMe\n", "from an example"), ("x" * 15, "guessing would do")]
)
def test_a_secret_that_is_none_starts_nothing(config: Path, secret: str, words: str) -> None:
    (config.parent / "shop.token").write_text(secret)
    with pytest.raises(Misconfigured, match=words):
        command(str(config))
