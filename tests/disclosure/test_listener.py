"""A recipient sees what was recorded of their mail by their mail's own link, nobody else's, and nothing is written."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.rights.house import ADA, GRACE, House, bytes_of, house

from mailwake.cli.privacy.owning import listener
from mailwake.disclosure.listener import _languages
from mailwake.edge.nonces import Nonces
from mailwake.events import Handle, TemplateId
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.tokens import MessageToken, Minter, Purpose

HOST = "track.example.com"


@dataclass
class Place:
    found: House
    client: TestClient

    def token(self, handle: Handle, purpose: Purpose = Purpose.UNSUBSCRIBE_BODY, modes: Modes = INDIVIDUAL) -> str:
        minter = Minter(self.found.settings.load_keys(), HOST)
        return minter.message(purpose, MessageToken(modes, 7001, 5, handle, date(2026, 11, 2)))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with house(tmp_path) as found, listener(found.settings, found.own.stores) as app:
        yield Place(found, TestClient(app))


def test_what_is_known_is_shown_and_given_as_a_file(place: Place) -> None:
    token = place.token(place.found.handle(ADA))
    page = place.client.get(f"/k/{token}")
    assert page.status_code == 200
    for word in ("a…@example.com", "Hello", "link followed “Shop”, taken for you", "2026-11-02 10:01:10 UTC"):
        assert word in page.text
    assert ADA not in page.text
    assert "Ada Canary" not in page.text
    told = place.client.get(f"/k/{token}.json")
    assert told.headers["content-disposition"] == 'attachment; filename="what-is-known.json"'
    (mail,) = json.loads(told.content)["mails"]
    assert [each["what"] for each in mail["events"]] == ["sent", "opened", "clicked"]
    assert "grace" not in (page.text + told.text).lower()


def test_nothing_is_written_loaded_kept_or_followed(place: Place) -> None:
    token, before = place.token(place.found.handle(ADA)), bytes_of(place.found.data / "log")
    counts = place.found.pipeline.events.ask("latest")
    page = place.client.get(f"/k/{token}")
    assert bytes_of(place.found.data / "log") == before
    assert place.found.pipeline.events.ask("latest") == counts
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert f"form-action https://{HOST};" in policy
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store, private", "no-referrer")
    assert page.headers["x-robots-tag"] == "noindex"
    assert "<script" not in page.text
    assert not re.findall(r"<img|<link|@import|url\(", page.text)
    assert "set-cookie" not in page.headers


def test_other_tokens_open_nothing(place: Place) -> None:
    ada = place.found.handle(ADA)
    aggregate = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    for token in (
        place.token(ada, Purpose.READ),
        place.token(ada, Purpose.UNSUBSCRIBE_HEADER),
        place.token(ada, modes=aggregate),
        place.token(Handle(0)),
        place.token(Handle(4711)),
        place.token(ada)[:-2] + "AA",
        "x",
        "",
    ):
        assert place.client.get(f"/k/{token}").status_code == 404
        assert place.client.get(f"/k/{token}.json").status_code == 404
    assert place.client.post(f"/k/{place.token(ada)}").status_code == 405
    assert place.client.get("/").status_code == 404
    assert "Disallow: /" in place.client.get("/robots.txt").text


def test_who_was_erased_sees_that_nothing_is_known(place: Place) -> None:
    ada = place.found.handle(ADA)
    place.found.own.eraser.erase(ada, by="me")
    assert place.client.get(f"/k/{place.token(ada)}").status_code == 404
    assert place.client.get(f"/k/{place.token(place.found.handle(GRACE))}").status_code == 200


@pytest.mark.parametrize(
    ("wish", "word"), [("de", "für Sie gehalten"), ("fr-CH", "attribué à vous"), ("xx", "taken for you")]
)
def test_it_speaks_the_readers_language(place: Place, wish: str, word: str) -> None:
    page = place.client.get(f"/k/{place.token(place.found.handle(ADA))}", headers={"Accept-Language": wish})
    assert word in page.text


def test_every_language_says_everything() -> None:
    names = [set(words) for words in _languages().values()]
    assert len(names) == 5
    assert all(each == names[0] for each in names)


def test_what_strangers_wrote_is_escaped(place: Place) -> None:
    state = place.found.pipeline.state
    state.put_template(
        state.campaigns()[0].id, TemplateId(7001), subject="<script>x</script>", html=b"<p>", links=(),
        now=place.found.pipeline.now,
    )  # fmt: skip
    assert "<script" not in place.client.get(f"/k/{place.token(place.found.handle(ADA))}").text


def test_the_nonce_on_the_page_is_one_that_the_edge_takes(place: Place) -> None:
    token = place.token(place.found.handle(ADA))
    page = place.client.get(f"/k/{token}").text
    (nonce,) = re.findall(r'name="nonce" value="([^"]+)"', page)
    assert f'action="https://{HOST}/p/{token}"' in page
    edge = Nonces(place.found.settings.load_keys().derive("edge forms"))
    seconds = int(nonce.partition(".")[0], 16)
    assert edge.holds(nonce, token, now_seconds=seconds)
    assert not edge.holds(nonce, token + "x", now_seconds=seconds)


def test_the_page_tells_how_long_things_are_kept(tmp_path: Path) -> None:
    more = "\n[privacy]\nindividual_days = 444\n"
    with house(tmp_path, more=more) as found, listener(found.settings, found.own.stores) as app:
        place = Place(found, TestClient(app))
        page = place.client.get(f"/k/{place.token(found.handle(ADA))}")
        assert f"deleted after this many days: {found.settings.log.keep_days}." in page.text
        assert "else after this many days: 444." in page.text
