"""A target dies after sending: one alarm, and one button in a real browser mends it in mail that is delivered."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.edge.conftest import Background, RunningEdge
from tests.insight import seeding
from tests.silence import write_set
from tests.watchdog.conftest import row
from tests.watchdog.servers import Shop, shop, until
from tests.web.test_pages_in_browser import look_at, served

from mailwake.edge.worker import run
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import SECOND, EventType, Micros, Note
from mailwake.insight.stores import Stores
from mailwake.modes import INDIVIDUAL
from mailwake.more_sections import Watchdog
from mailwake.settings import Settings, parse
from mailwake.store.watch import Health, Target, WatchStore, open_watch
from mailwake.tokens import LinkToken, MessageToken, Minter, Purpose, format_key
from mailwake.watchdog.office import Watch
from mailwake.watchdog.switches import Switches

pytestmark = pytest.mark.browser
SECRET = bytes(range(3, 35))
HOST = "track.example.com"
MINUTE = 60 * SECOND


@dataclass
class World:
    """An installation that has sent two campaigns, and the shop that both lead to."""

    settings: Settings
    stores: Stores
    store: WatchStore
    server: Shop
    mails: list[seeding.Sending] = field(default_factory=list)
    now: int = seeding.micros(3_600)

    @property
    def old(self) -> str:
        return f"{self.server.url}/spring"

    def send(self, name: str) -> None:
        mail = seeding.sending(self.stores, name, links=(row(1, self.old), row(2, f"{self.server.url}/token?key=1")))
        mail.people([f"{name}{number}@example.com" for number in range(2)])
        for number in range(2):
            mail.add(EventType.SENT, number, number)
        self.mails.append(mail)
        mail.write()

    def clicks(self) -> list[str]:
        """The path of each delivered copy's link."""
        minter = Minter(self.settings.load_keys(), HOST)
        paths = []
        for mail in self.mails:
            link = minter.link(LinkToken(mail.template, 1, self.old))
            for copy in range(2):
                token = MessageToken(INDIVIDUAL, mail.template, 50 + copy, 60 + copy, mail.start.date())
                paths.append(f"/c/{minter.message(Purpose.READ, token)}/{link}")
        return paths


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "keys.txt").write_text(format_key(1, SECRET, seeding.START.date()), encoding="utf-8")
    tree = {"tracking": {"base_url": f"https://{HOST}"}, "keys": {"ref": "file:keys.txt"}, "edge": {"port": 0}}
    settings = replace(parse(tree, root=tmp_path), watchdog=Watchdog(allow_private=True))
    stores = seeding.open_stores(settings.data_folder)
    store = open_watch(settings.data_folder / "state.sqlite")
    with shop() as server:
        made = World(settings, stores, store, server)
        made.send("spring")
        made.send("again")
        yield made
    store.close()
    seeding.close(stores)


@pytest.fixture
def edge(world: World) -> Iterator[RunningEdge]:
    clock = [world.now]
    write_set(world.settings.data_folder / "inert.bin")

    async def main(stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        log = SqliteWriter.open(world.settings.data_folder / "log", "edge-0")
        days = SqliteWriter.open_days(world.settings.data_folder / "log", "edge-0", clock=lambda: clock[0])
        keys = world.settings.load_keys()
        await run(world.settings, keys, (log, days), ready=ready, stop=stop, clock=lambda: clock[0])

    running = RunningEdge(Background(main), world.settings, clock)
    yield running
    running.background.stop()


@pytest.mark.long
def test_a_target_that_dies_is_one_alarm_and_one_button_mends_it_everywhere(
    browser: Browser, world: World, edge: RunningEdge
) -> None:
    switches = Switches(world.store, world.settings.load_keys(), world.settings)
    watch = Watch(world.settings, world.store, world.stores.events, switches, wall=lambda: world.now)
    assert watch.turn() == 1, "one target in two mails; the other address looks personal"
    world.server.status = 404
    for _ in range(60):
        world.now += 5 * MINUTE
        watch.turn()
    assert [(each.href, each.said) for each in world.store.alarms()] == [(world.old, "404")]
    assert world.server.asked["/token?key=1"] == 0
    assert [edge.ask(path)["Location"] for path in world.clicks()] == [world.old] * 4

    start = f"{world.server.url}/"
    world.store.put_target(Target(href=start, visited_at=Micros(world.now), health=Health.WELL, said="200"))
    new = f"{world.server.url}/new"
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for url in served(world.stores, settings=world.settings, now=world.now):
        seeing = browser.new_context()
        for path in ("/", "/links"):
            seen = seeing.new_page()
            seen.goto(f"{url}{path}")
            look_at(seen)
        seeing.close()
        page.goto(f"{url}/campaigns/1")
        assert "answers no more" in page.content()
        page.goto(f"{url}/")
        page.get_by_role("link", name="See which").click()
        assert page.get_by_role("button", name="Show them the notice").is_visible()
        page.get_by_role("link", name="send its readers elsewhere").click()
        page.get_by_label("New address").fill(new)
        page.get_by_label("Reason").first.fill("the page moved")
        page.get_by_role("button", name="Send them there").click()
        assert "mended: no reader is led there" in page.content()
        looking = browser.new_context()
        seen = looking.new_page()
        seen.goto(page.url)
        look_at(seen)
        looking.close()
        page.goto(f"{url}/")
        assert "answers no more" not in page.content()
    context.close()

    until(lambda: [edge.ask(path)["Location"] for path in world.clicks()] == [new] * 4)
    assert edge.events()[-1].note is Note.DETOUR
    assert len(world.store.alarms()) == 1
