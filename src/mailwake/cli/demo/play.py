"""`mailwake demo`: the main job, from sending to the report, with real mail, real SMTP and real HTTP.

The crowd is made up, everything else is what an installation runs. Nothing writes to a store behind the front door:
mail goes through `mailwake send` and the relay, hits come in at the edge, bounces at the listener. What the crowd did
is written down on its side alone, and held against the report at the end.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mailwake.cli.demo import tables
from mailwake.cli.demo.experiments import INVITATION, INVITATION_SENDER, decide_one, send_experiments
from mailwake.cli.demo.history import write_history
from mailwake.cli.demo.house import (
    WEEK_SECONDS,
    House,
    Ports,
    free_ports,
    furnish,
    prepare,
    running,
    start_rules,
    wait_until_ready,
)
from mailwake.cli.demo.kept import DEAL, GOALS, SEGMENTS, SHOP, keep
from mailwake.cli.demo.org import Pushed, connect, org_with_people, push, sign_deals, track_natively
from mailwake.cli.demo.receiver import receiving
from mailwake.cli.demo.runs import send_until_done
from mailwake.cli.report.asking import ask
from mailwake.errors import Unavailable
from mailwake.events import SECOND, Micros
from mailwake.simulate.agents import load_dials
from mailwake.simulate.clients import ORDER, UPDATE, Fate, Occasion, Relay, send_all
from mailwake.simulate.compare import Comparison, Mailing, compare
from mailwake.simulate.crowd import Crowd
from mailwake.simulate.letters import count_letters, read_letters
from mailwake.simulate.org import OrgBeside
from mailwake.simulate.people import Person, make_people, without_trouble
from mailwake.simulate.places import load_world
from mailwake.simulate.plan import Plan, Setting, make_plan
from mailwake.simulate.sink import Notices, Trouble

NEWSLETTER = "November newsletter"
NEWSLETTER_SENDER = "news@larkspur.example"
SMALLEST = 20
#: readers of earlier letters who are gone by now
FORMER = 30
APPLY_SECONDS = 40.0
PAGE_SIZE = 1_000


def command(
    *,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the report, also on a terminal.")] = False,
    messages: Annotated[int, typer.Option(min=SMALLEST, help="How many messages to send.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Another number makes another crowd.")] = 7,
    folder: Annotated[Path, typer.Option(help="Where it all lives; an earlier demo there is replaced.")] = Path(
        "demo-data"
    ),
    port: Annotated[int, typer.Option(help="Port of the dashboard; 0 takes free ports for everything.")] = 8026,
) -> None:
    """Send mail through a real relay, have a made-up crowd read it, and show what happened.

    Example: mailwake demo --exit --messages 500
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = tables.console()
    prepare(folder)
    ports = free_ports(
        Ports(web=port) if port else Ports(edge=0, relay=0, ingest=0, sink=0, web=0, monitor=0, privacy=0, hooks=0)
    )
    cast = Cast.choose(messages, seed)
    furnish(folder, ports, cast.newsletter, cast.everybody)
    now = Micros(time.time_ns() // 1_000)
    write_history(folder / "data", cast.newsletter, now=now, seed=seed, former=cast.former)
    start_rules(folder, now=now)
    console.print("A made-up crowd, tracked one by one: mode `individual`. For real people the default is `aggregate`.")
    with receiving(ports.hooks), org_with_people(folder, cast.everybody) as org:
        if org is not None:
            connect(folder, org)
        holds = _play(running_with_bar(folder, ports, console), cast, org, seed=seed, console=console, leave=leave)
    if not holds:
        raise SystemExit(1)


def _play(
    opened: AbstractContextManager[House],
    cast: Cast,
    org: OrgBeside | None,
    *,
    seed: int,
    console: Console,
    leave: bool,
) -> bool:
    """The whole play; whether all numbers are right."""
    with opened as house:
        result = Demo(house=house, cast=cast, seed=seed, console=console, org=org).run()
        tables.show(console, result, house)
        (house.folder / "result.json").write_text(json.dumps(tables.as_dict(result)), encoding="utf-8")
        if leave or not sys.stdout.isatty():
            console.print("Everything has stopped; `mailwake web` with the settings in its folder shows the dashboard.")
        else:
            console.print(f"dashboard  {house.dashboard_url}\n\nServing until Ctrl-C.", highlight=False)
            with contextlib.suppress(KeyboardInterrupt):
                house.serve.wait()
    return all(comparison.holds for comparison in result.comparisons) and (result.pushed is None or result.pushed.holds)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who gets which mailing. Addresses that give trouble are in one mailing each, so that each is counted once."""

    newsletter: Sequence[Person] = field(repr=False)
    update: Sequence[Person] = field(repr=False)
    order: Sequence[Person] = field(repr=False)
    #: subjects are tried on them
    invited: Sequence[Person] = field(repr=False)
    #: got earlier letters until they left
    former: Sequence[Person] = field(default=(), repr=False)

    @classmethod
    def choose(cls, messages: int, seed: int) -> Cast:
        """People for so many messages: 60 % newsletter, 25 % update, 15 % orders, half of those to newcomers.

        As many as get orders are invited besides, all of them known.
        """
        first, second = round(messages * 0.6), round(messages * 0.25)
        third = messages - first - second
        here = first + (second + third) // 2 + 2
        everybody = make_people(here + FORMER, seed=seed, world=load_world(), dials=load_dials())
        newsletter, fresh, former = everybody[:first], everybody[first:here], everybody[here:]
        known = without_trouble(newsletter)
        update = (fresh[: second // 2] + known)[:second]
        # No header of transactional mail names its copy, and full mailboxes here send headers back alone.
        unread = [person for person in fresh[second // 2 :] if person.trouble is not Trouble.FULL]
        order = (unread + known[::-1])[:third]
        invited = known[len(known) // 4 :][:third]
        return cls(newsletter=newsletter, update=update, order=order, invited=invited, former=former)

    @property
    def everybody(self) -> list[Person]:
        """Each person once."""
        return list({person.address: person for person in (*self.newsletter, *self.update, *self.order)}.values())

    def mailings(self) -> list[tuple[str, Sequence[Person]]]:
        """Campaigns and whom they are addressed to."""
        by_program = [(UPDATE.campaign, self.update), (ORDER.campaign, self.order)]
        return [(NEWSLETTER, self.newsletter), *by_program, (INVITATION, self.invited)]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the demo has to show."""

    overview: Mapping[str, Any] = field(repr=False)
    comparisons: Sequence[Comparison]
    messages: int
    requests: int
    send_seconds: float
    read_seconds: float
    total_seconds: float
    restarts: Mapping[str, int]
    #: into the org; None: there is none
    pushed: Pushed | None


@contextlib.contextmanager
def running_with_bar(folder: Path, ports: Ports, console: Console) -> Iterator[House]:
    """The house, ready, with a bar while it starts."""
    with running(folder, ports) as house:
        with bar(console, "starting", 4) as told:
            wait_until_ready(house, told)
        yield house


@contextlib.contextmanager
def bar(console: Console, name: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not console.is_terminal:
        yield lambda: None
        return
    with Progress(TextColumn(f"{name:<20}"), BarColumn(), MofNCompleteColumn(), console=console) as progress:
        task = progress.add_task(name, total=total)
        yield lambda: progress.advance(task)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The acts of the play."""

    house: House
    cast: Cast
    seed: int
    console: Console
    org: OrgBeside | None = None

    def run(self) -> Result:
        """Send, read, wait, compare."""
        began = time.monotonic()
        keep(self.house.dashboard_url, "/api/goals", GOALS if self.org is None else (*GOALS, *DEAL))
        self._send()
        sent = time.monotonic()
        plan = self._plan()
        with bar(self.console, "reading", len(plan.steps)) as told:
            uvloop.run(self._crowd().play(plan.steps, plan.copies, told=told))
        read = time.monotonic()
        overview, comparisons = self._applied(plan)
        decide_one(self.house.dashboard_url)
        keep(self.house.dashboard_url, "/api/segments", SEGMENTS)
        pushed = None if self.org is None else self._pushed(self.org, plan)
        return Result(
            pushed=pushed,
            overview=self._overview() or overview,  # deals of the org came in since
            comparisons=comparisons,
            messages=sum(len(people) for _, people in self.cast.mailings()),
            requests=len(plan.steps),
            send_seconds=sent - began,
            read_seconds=read - sent,
            total_seconds=time.monotonic() - began,
            restarts=self.house.restarts(),
        )

    def _pushed(self, org: OrgBeside, plan: Plan) -> Pushed:
        sent_at = Micros(time.time_ns() // 1_000 - WEEK_SECONDS * SECOND)
        track_natively(org, plan, NEWSLETTER, sent_at=sent_at)
        sign_deals(self.house.config, org, plan, NEWSLETTER)
        return push(self.house.config, self.house.dashboard_url, org)

    def _send(self) -> None:
        """All at once: the command, two experiments, and two programs that send through the relay."""
        total, stop = sum(len(people) for _, people in self.cast.mailings()), threading.Event()
        with ThreadPoolExecutor(4) as pool, bar(self.console, "sending", total) as told:
            sending = [
                pool.submit(self._send_newsletter),
                pool.submit(send_experiments, self.house, self.cast.invited),
                pool.submit(self._send_through_relay, UPDATE, self.cast.update, stop),
                pool.submit(self._send_through_relay, ORDER, self.cast.order, stop),
            ]
            arrived = 0
            try:
                while wait(sending, timeout=0.2).not_done:
                    before, arrived = arrived, count_letters(self.house.letters)
                    for _ in range(arrived - before):
                        told()
            except BaseException:
                stop.set()  # Ctrl-C: the programs must not go on for as long as they are patient
                raise
            for each in sending:
                each.result()
            for _ in range(total - arrived):  # those that arrive nowhere are done as well
                told()

    def _send_newsletter(self) -> None:
        """The command, again until it says that everybody has it or is in doubt."""
        template, people = self.house.folder / "newsletter.html", self.house.folder / "people.csv"
        send_until_done("send", str(template), str(people), config=self.house.config)

    def _send_through_relay(self, occasion: Occasion, people: Sequence[Person], stop: threading.Event) -> None:
        fates = send_all(occasion, people, Relay(host="127.0.0.1", port=self.house.ports.relay), stop=stop)
        given_up = sum(fate is Fate.GIVEN_UP for fate in fates.values())
        if given_up:
            raise Unavailable(f"the relay did not take {given_up} messages; {self.house.folder}/serve.log says why")

    def _plan(self) -> Plan:
        people = {person.address: person for person in self.cast.everybody}
        setting = Setting(
            seed=self.seed,
            people=people,
            streams={
                NEWSLETTER: "marketing",
                INVITATION: "marketing",
                UPDATE.campaign: UPDATE.stream,
                ORDER.campaign: ORDER.stream,
            },
            senders={
                NEWSLETTER_SENDER: NEWSLETTER,
                INVITATION_SENDER: INVITATION,
                UPDATE.sender: UPDATE.campaign,
                ORDER.sender: ORDER.campaign,
            },
            tracking_url=self.house.tracking_url,
            shift_micros=-WEEK_SECONDS * 1_000_000,
            world=load_world(),
            dials=load_dials(),
        )
        return make_plan(read_letters(self.house.letters), setting)

    def _crowd(self) -> Crowd:
        return Crowd(
            tracking_url=self.house.tracking_url,
            notices=Notices(host="127.0.0.1", port=self.house.ports.ingest),
            shop=SHOP,
        )

    def _applied(self, plan: Plan) -> tuple[Mapping[str, Any], Sequence[Comparison]]:
        """The report, as soon as it has everything and stands still; or as it is when patience ends."""
        until = time.monotonic() + APPLY_SECONDS
        while time.monotonic() < until:
            overview = self._overview()
            if overview and all(each.holds for each in self._compare_all(overview, plan, with_people=False)):
                break
            time.sleep(0.1)
        while time.monotonic() < until + APPLY_SECONDS:
            overview = self._overview()
            if overview is not None:
                comparisons = self._compare_all(overview, plan, with_people=True)
                if overview == self._overview():  # nothing was judged again while we asked about people
                    return overview, comparisons
            time.sleep(0.2)
        raise Unavailable(f"the dashboard does not answer; {self.house.folder}/serve.log says why")

    def _overview(self) -> dict[str, Any] | None:
        """The report; None: nobody answered, or not all campaigns are known yet."""
        try:
            overview = self._get("/api/campaigns")
        except Unavailable:
            return None
        known = {each["name"] for each in overview["campaigns"]}
        return overview if known >= {name for name, _ in self.cast.mailings()} else None

    def _compare_all(self, overview: Mapping[str, Any], plan: Plan, *, with_people: bool) -> list[Comparison]:
        campaigns = {each["name"]: each for each in overview["campaigns"]}
        return [
            compare(
                self._mailing(name, people),
                [each for each in plan.deeds if each.campaign == name],
                campaigns[name]["tally"],
                self._people(campaigns[name]["id"]) if with_people else (),
            )
            for name, people in self.cast.mailings()
        ]

    def _mailing(self, name: str, people: Sequence[Person]) -> Mailing:
        full = sum(person.trouble is Trouble.FULL for person in people)
        unknown = sum(person.trouble is Trouble.UNKNOWN for person in people)
        if name == NEWSLETTER:  # our own command hears the refusal; behind the relay the program does
            return Mailing(campaign=name, addressed=len(people), bounced=full + unknown)
        return Mailing(campaign=name, addressed=len(people), bounced=full, told=unknown)

    def _people(self, campaign: str) -> list[Mapping[str, Any]]:
        lines: list[Mapping[str, Any]] = []
        page = 1
        while len(found := self._get(f"/api/campaigns/{campaign}/people?page={page}&page_size={PAGE_SIZE}")["people"]):
            lines += found
            page += 1
        return lines

    def _get(self, path: str) -> dict[str, Any]:
        body = ask(self.house.dashboard_url, path)
        if body is None:
            raise Unavailable("nobody listens")
        answer: dict[str, Any] = json.loads(body)
        return answer
