"""`mailwake send`: merge a template with a list of people and mail it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mailwake.audit.words import Action, Thing
from mailwake.cli import fail
from mailwake.cli.acting import audited, moment
from mailwake.cli.check_list.command import summary
from mailwake.cli.options import ConfigOption, ExaminedOption, ForceOption, PreflightOption
from mailwake.cli.preflight.gate import Gate
from mailwake.cli.preflight.merged import Letter as MergedLetter
from mailwake.cli.segment import members_of
from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import CampaignId, EventType, Handle, Micros, encode_event
from mailwake.hygiene.desk import looked_through
from mailwake.merge.holdout import percent
from mailwake.merge.ledger import own_events, standings, writer_of
from mailwake.merge.letter import Letter
from mailwake.merge.people import People, only, read_people
from mailwake.merge.plan import Plan, make_plan
from mailwake.merge.run import Addressee, Run, counts
from mailwake.merge.source import Source, read_source
from mailwake.merge.variants import confined
from mailwake.modes import strictest
from mailwake.profiles import STREAMS
from mailwake.send.asking import TOO_SOON
from mailwake.send.tracker import Tracker
from mailwake.settings import Settings, load
from mailwake.smtp.upstream import Pool
from mailwake.store.state import Campaign

_RATE = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?:/\s*(?P<unit>s|m|min|h)\w*)?")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600}
_SAMPLES = 3
_BackOff = Annotated[
    str, typer.Option(help="Seconds to wait before each further try at those put off, such as 1,5,30.")
]


def command(  # noqa: PLR0913 - a command has as many parameters as options
    template: Annotated[Path, typer.Argument(help="An .html file, or a whole message as .eml.")],
    people: Annotated[Path, typer.Argument(help="A CSV with a column email; every other column is a merge field.")],
    *,
    subject: Annotated[str, typer.Option(help="Subject, with merge fields; wins over the template's.")] = "",
    sender: Annotated[str, typer.Option("--from", help="Sender, as Name <name@example.com>.")] = "",
    reply_to: Annotated[str, typer.Option(help="Where answers go.")] = "",
    campaign: Annotated[str, typer.Option(help="Name of the campaign; by default the template's file name.")] = "",
    stream: Annotated[str, typer.Option(help=f"One of {', '.join(STREAMS)}.")] = "",
    rate: Annotated[str, typer.Option(help="At most so many, such as 10/s or 600/min.")] = "",
    connections: Annotated[int, typer.Option(help="Connections to the server; 0: as [smtp] connections says.")] = 0,
    segment: Annotated[str, typer.Option(help="Of the list only who is in this segment.")] = "",
    attributes: Annotated[str, typer.Option(help="Columns to keep with each recipient, such as city,plan.")] = "",
    holdout: Annotated[
        float, typer.Option(help="Per cent of the list to keep it from by lot, to see what it adds.")
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show three messages and counts; send nothing.")] = False,
    retry_doubtful: Annotated[bool, typer.Option("--retry-doubtful", help="Mail those again who may have it.")] = False,
    preflight: PreflightOption = False,
    examined: ExaminedOption = None,
    force: ForceOption = False,
    back_off: _BackOff = "1,5,30",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    config: ConfigOption = "mailwake.toml",
) -> None:
    """Merge a template with a list of people and mail it through [smtp], tracked.

    Killed or cut off, it goes on where it ended when it is run again; nobody is mailed twice.

    Example: mailwake send spring.html people.csv --subject "Spring, {{name}}" --from "News <news@example.com>"
    """
    settings = load(config)
    given = {"subject": subject, "from": sender, "reply-to": reply_to, "campaign": campaign, "stream": stream}
    source, share, pace = read_source(template, given), percent(holdout), pace_of(rate)
    tracker = Tracker.open(settings)
    name = source.campaign or template.stem
    try:
        listed = _told_of(tracker, _listed(settings, tracker, people, segment), source.stream)
        if dry_run:
            _show_samples(tracker, source, listed, name)
            return
        job = Job(
            settings=settings,
            tracker=tracker,
            listed=listed,
            name=name,
            stream=source.stream,
            write=lambda campaign: Letter(source, tracker, campaign, columns=listed.columns),
            rate=pace,
            connections=connections or settings.smtp.connections,
            attributes=tuple(filter(None, (column.strip().lower() for column in attributes.split(",")))),
            retry_doubtful=retry_doubtful,
            holdout=share,
            back_off=seconds(back_off),
            gate=Gate.of(settings, wanted=preflight, force=force, examined=examined),
        )
        result = job.run()
    finally:
        tracker.state.close()
    tell(result, as_json=as_json)


def tell(result: dict[str, Any], *, as_json: bool) -> None:
    """Print what came of a run, and leave with 1 where something is left to do."""
    print(json.dumps(result, ensure_ascii=False) if as_json else _summary(result))
    if result["deferred"] or result["doubtful"] or result["waiting"] or result["failed"]:
        fail(_what_to_do(result), code=1)


def _listed(settings: Settings, tracker: Tracker, path: Path, segment: str) -> People:
    """The list; of it those in the segment alone, where one is named."""
    listed = read_people(path)
    return only(listed, tracker.state, set(members_of(settings, segment))) if segment else listed


def _told_of(tracker: Tracker, listed: People, stream: str) -> People:
    """The list, once it is said what `mailwake check-list` knows of it unasked; it keeps no mail back."""
    if said := summary(looked_through(tracker.state, listed, tracker.settings, now=moment(), stream=stream)):
        print(f"{said}; `mailwake check-list` names them", file=sys.stderr)
    return listed


class Writes(MergedLetter, Protocol):
    """A letter that reports want to show."""

    def register(self) -> None:
        """Keep the pages and their links."""
        ...


@dataclass(kw_only=True)
class Job:
    """One run over a list."""

    settings: Settings
    tracker: Tracker
    listed: People
    #: of the campaign
    name: str
    #: empty: marketing
    stream: str
    #: makes the letter, once the campaign is there
    write: Callable[[Campaign], Writes]
    #: whose turn it is
    is_due: Callable[[Handle], bool] = lambda _: True
    rate: float
    connections: int
    attributes: tuple[str, ...]
    retry_doubtful: bool
    holdout: float
    back_off: tuple[float, ...]
    #: looks at the letter before anybody is mailed
    gate: Gate

    def run(self) -> dict[str, Any]:
        """Send, and leave a line in the audit log."""
        of, after = Thing("campaign", self.name), {"people": len(self.listed.people)}
        with audited(self.tracker.state, Action.MAIL_SENT, of, after=after):
            return asyncio.run(self.go())

    async def go(self) -> dict[str, Any]:
        """Send, and say what came of it."""
        is_new = self.tracker.state.find_campaign(self.name) is None
        if is_new:
            await self._look_ahead()
        campaign = self.tracker.campaign(self.name, stream=self.stream or "marketing")
        folder, writer = self.settings.data_folder / "log", writer_of(campaign.id)
        try:
            # Its lock comes first: what is read next must be complete. It is kept for ever: it says who has the mail.
            log = SqliteWriter.open(folder, writer, keep=None)
        except Unavailable as fault:
            if "another process" in str(fault):
                raise Unavailable(f"campaign {self.name} is being sent by another process; wait for it") from None
            raise
        try:
            standing = standings(own_events(folder, writer))
            plan = make_plan(
                self.tracker,
                campaign,
                self.listed,
                standing,
                attributes=self.attributes,
                retry_doubtful=self.retry_doubtful,
                holdout=self.holdout,
            )
            plan = confined(plan, self.is_due)
            letter = self.write(campaign)
            if not is_new:
                await self.gate.look(self.tracker.hosts, letter, plan.addressees, stream=campaign.stream)
            await log.write([encode_event(event) for event in plan.rejected(self.tracker)])
            letter.register()
            return await self._run(plan, letter, log)
        finally:
            await log.close()

    async def _look_ahead(self) -> None:
        """Write the letter and let the gate look at it, before there is a campaign that would stay behind empty."""
        stream = self.stream or "marketing"
        campaign = _no_campaign(self.name, stream)
        letter, to = self.write(campaign), _open_to(self.tracker, self.listed, campaign)
        await self.gate.look(self.tracker.hosts, letter, to, stream=stream)

    async def _run(self, plan: Plan, letter: Writes, log: SqliteWriter) -> dict[str, Any]:
        pool = Pool(self.settings, connections=self.connections)
        run = Run(
            campaign=plan.campaign.id,
            letter=letter,
            pool=pool,
            log=log,
            clock=self.tracker.clock,
            new_delivery=self.tracker.new_delivery,
            connections=self.connections,
            rate=self.rate,
            back_off=self.back_off,
            standing=plan.standing,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, run.stop)
        try:
            with _progress(len(plan.addressees), plan.campaign.name) as tick:
                run.progress = tick
                await run.go(plan.addressees)
        finally:
            await pool.close()
        return _result(plan, run, self.listed)


def _result(plan: Plan, run: Run, listed: People) -> dict[str, Any]:
    out = plan.held_out - plan.suppressed.keys()
    handles = [handle for handle in plan.people if handle not in plan.suppressed and handle not in out]
    return {
        "campaign": plan.campaign.name,
        "id": plan.campaign.id,
        "people": len(plan.people),
        "mailed_now": run.mailed,
        **counts(run.standing, handles),
        "suppressed": len(plan.suppressed),
        "asked_too_soon": [
            {"address": plan.people[h].address, "reason": held.reason}
            for h, held in plan.suppressed.items()
            if held.source == TOO_SOON
        ],
        "held_out": len(out),
        "skipped": [{"line": s.line, "address": s.address, "reason": s.reason} for s in listed.skipped],
        "in_doubt": [plan.people[h].address for h in handles if h in run.standing and run.standing[h].is_doubtful],
        "refused": [
            {"address": plan.people[h].address, "reason": run.standing[h].reason}
            for h in handles
            if h in run.standing and run.standing[h].kind is EventType.BOUNCED
        ],
        "could_not": [
            {"address": plan.people[h].address, "reason": run.standing[h].reason}
            for h in handles
            if h in run.standing and run.standing[h].kind is EventType.FAILED
        ],
        "trouble": run.trouble,
    }


def _summary(result: dict[str, Any]) -> str:
    parts = [f"{result['people']:,} people"]
    for key, word in (
        ("delivered", "delivered"),
        ("bounced", "refused"),
        ("failed", "failed"),
        ("deferred", "put off"),
        ("doubtful", "in doubt"),
        ("waiting", "not mailed yet"),
        ("suppressed", "suppressed"),
        ("held_out", "held out"),
    ):
        if result[key] or key == "delivered":
            parts.append(f"{result[key]:,} {word}")
    lines = [f"{result['campaign']}: {' · '.join(parts)}"]
    lines += [f"  line {s['line']}: {s['address'] or '(empty)'} skipped: {s['reason']}" for s in result["skipped"]]
    lines += [f"  not asked: {r['address']}: {r['reason']}" for r in result["asked_too_soon"]]
    lines += [f"  refused: {r['address']}: {r['reason']}" for r in result["refused"]]
    lines += [f"  not made: {r['address']}: {r['reason']}" for r in result["could_not"]]
    lines += [f"  in doubt: {address}" for address in result["in_doubt"]]
    if not result["mailed_now"] and not result["waiting"] and result["people"]:
        lines.append("nobody was mailed now: this campaign is complete. To send again, give --campaign another name")
    return "\n".join(lines)


def _what_to_do(result: dict[str, Any]) -> str:
    if result["waiting"] or result["deferred"]:
        why = f" ({result['trouble']})" if result["trouble"] else ""
        return f"not everybody has the mail yet{why}; run the same command again to go on"
    if not result["doubtful"]:
        return "some messages could not be made; mend their lines in the list and run the same command again"
    return (
        "those in doubt may or may not have the mail, because the connection or the run ended at the wrong moment; "
        "look at your mail server's log, or run again with --retry-doubtful to mail them, at the risk of twice"
    )


@contextmanager
def _progress(total: int, name: str) -> Iterator[Callable[[EventType], None]]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=total)
        yield lambda _: bar.advance(task)


def _no_campaign(name: str, stream: str) -> Campaign:
    """One that is not kept, for letters that nobody is mailed."""
    return Campaign(id=CampaignId(0), name=name, stream=stream, created_at=Micros(0))


def _open_to(tracker: Tracker, listed: People, campaign: Campaign) -> list[Addressee]:
    """Who may be mailed; nobody gets a number for it who has none."""
    known = tracker.state.known_handles([person.address for person in listed.people])
    held = tracker.held(known.values(), campaign=None, stream=campaign.stream)
    modes, level = tracker.consents(known.values()), tracker.level(campaign)
    handles = ((person, known.get(person.address, Handle(0))) for person in listed.people)
    return [
        Addressee(
            person=person, handle=handle or Handle(1), modes=strictest((level, modes.get(handle, tracker.silent)))
        )
        for person, handle in handles
        if handle not in held
    ]


def _show_samples(tracker: Tracker, source: Source, listed: People, name: str) -> None:
    """The first messages as they would go out, without the HTML, and how many there would be."""
    campaign = _no_campaign(name, source.stream or "marketing")
    letter = Letter(source, tracker, campaign, columns=listed.columns)
    known = tracker.state.known_handles([person.address for person in listed.people])
    held = tracker.held(known.values(), campaign=None, stream=campaign.stream)
    people = [person for person in listed.people if known.get(person.address) not in held]
    for number, person in enumerate(people[:_SAMPLES], 1):
        print(f"--- {number} of {len(people):,} ".ljust(78, "-"))
        print(letter.sample(person))
    print("-" * 78)
    for skipped in listed.skipped:
        print(f"line {skipped.line}: {skipped.address or '(empty)'} skipped: {skipped.reason}")
    for person in listed.people:
        if (kept := held.get(known.get(person.address, Handle(0)))) is not None and kept.source == TOO_SOON:
            print(f"{person.address} not asked: {kept.reason}")
    print(
        f"{name}: {len(people):,} would be mailed, {len(listed.people) - len(people):,} suppressed, "
        f"{len(listed.skipped):,} skipped; nothing was sent"
    )


def pace_of(text: str) -> float:
    """Messages a second, from 10/s or 600/min; 0: no limit."""
    if not text:
        return 0.0
    found = _RATE.fullmatch(text.strip().lower())
    if not found or not float(found["count"]):
        raise BadInput(f"--rate {text}: write it as 10/s, 600/min or 20000/h")
    return float(found["count"]) / _SECONDS[found["unit"] or "s"]


def seconds(text: str) -> tuple[float, ...]:
    """Waits, from 1,5,30; empty: none."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise BadInput(f"--back-off {text}: write seconds with commas between, such as 1,5,30") from None
