"""`mailwake salesforce`: the org that is told what people did: look, plan, push, take back."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Annotated

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, audited_act
from mailwake.cli.options import ConfigOption
from mailwake.cli.salesforce.opening import Opened, opened, patiently
from mailwake.cli.salesforce.telling import (
    tell_dead,
    tell_jobs,
    tell_looked,
    tell_plan,
    tell_repaired,
    tell_sent,
    tell_status,
    tell_undone,
)
from mailwake.crm.following import FOLLOWED
from mailwake.errors import BadInput
from mailwake.pushing.desk import LOOKED
from mailwake.settings import DEFAULT_FILE, load

command = typer.Typer(
    help="Salesforce: what people did, in the org (docs/howto/salesforce.md).\n\nExample: mailwake salesforce plan",
    no_args_is_help=True,
)
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
_EVENTS_ELSEWHERE = "the running dashboard follows the events; this shows what it prepared"


@command.command("plan")
def plan(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Show what a push would change, what it would cost, and what is missing; writes nothing to the org.

    Example: mailwake salesforce plan
    """
    with opened(config) as office:
        _prepare(office)
        found = office.desk.plan()
    if as_json:
        print(json.dumps(msgspec.to_builtins(found)))
        return
    tell_plan(found)


@command.command("push")
def push(
    *,
    config: ConfigOption = DEFAULT_FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent, as `plan` does.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write what waits to the org, as a run that `undo` takes back.

    Example: mailwake salesforce push --dry-run
    """
    if dry_run:
        plan(config=config, as_json=as_json)
        return
    with opened(config) as office, _audited(office, Action.SALESFORCE_PUSHED):
        _prepare(office)
        office.desk.resume()
        with office.progress("writing") as progress:
            done = patiently(lambda: office.desk.push(progress=progress))
    if as_json:
        print(json.dumps(msgspec.to_builtins(done)))
        return
    tell_sent(done)
    if done.ended:
        raise typer.Exit(1)


@command.command("undo")
def undo(
    job: Annotated[str, typer.Argument(help="Name of the run, as `push` told it and `jobs` lists it.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    keep_opt_outs: Annotated[bool, typer.Option("--keep-opt-outs", help="Let stand that people want no mail.")] = False,
) -> None:
    """Take back a run: fields get their values of before, records that it made are deleted.

    Example: mailwake salesforce undo 20261126-093000-5f2a
    """
    with (
        opened(config, events=False) as office,
        _audited(office, Action.SALESFORCE_UNDONE, job),
        office.progress("taking back") as progress,
    ):
        done = patiently(lambda: office.desk.undo(job, keep_opt_outs=keep_opt_outs, progress=progress))
    tell_undone(done)


@command.command("jobs")
def jobs(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List the latest runs.

    Example: mailwake salesforce jobs
    """
    with opened(config, events=False) as office:
        runs = office.desk.store.runs()
    if as_json:
        print(json.dumps(msgspec.to_builtins(runs)))
        return
    tell_jobs(runs)


@command.command("dead")
def dead(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Show what the org refused, by reason.

    Example: mailwake salesforce dead
    """
    with opened(config, events=False) as office:
        found = office.desk.store.dead()
    if as_json:
        print(json.dumps(msgspec.to_builtins(found)))
        return
    tell_dead(found)


@command.command("retry")
def retry(
    *,
    config: ConfigOption = DEFAULT_FILE,
    code: Annotated[str, typer.Option(help="Only what was refused with this code; empty: everything.")] = "",
) -> None:
    """Wish again what the org refused, after the reason was mended; `push` sends it.

    Example: mailwake salesforce retry --code FIELD_CUSTOM_VALIDATION_EXCEPTION
    """
    with opened(config, events=False) as office, _audited(office, Action.SALESFORCE_REPAIRED, code):
        count = office.desk.store.revive(code=code or None, now=office.desk.now)
    print(f"{count:,} will be tried again")


@command.command("resume")
def resume(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Write by itself again after an undo.

    Example: mailwake salesforce resume
    """
    with opened(config, events=False) as office:
        office.desk.resume()
    print("writes again by itself, where salesforce.push says so")


@command.command("repair")
def repair(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Compare what the org holds with what it was told, wish again what differs, delete rows that are too old.

    Example: mailwake salesforce repair
    """
    with opened(config) as office, _audited(office, Action.SALESFORCE_REPAIRED):
        _prepare(office)
        tell_repaired(patiently(office.desk.repair))


@command.command("refresh")
def refresh(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Let the org be read and everybody be looked at anew, by whoever follows the events; writes nothing to the org.

    Example: mailwake salesforce refresh
    """
    with opened(config, events=False) as office:
        office.desk.store.put_mark(LOOKED, 0)
        office.desk.store.put_mark(FOLLOWED, 0)
    print("the org will be read, and everybody looked at anew")


@command.command("status")
def status(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Show what waits, what was refused, and what it costs.

    Example: mailwake salesforce status
    """
    from mailwake.pushing.office import Office

    with opened(config, events=False) as office:
        told = Office(office.desk, pushes=load(config).salesforce.push).told()
    if as_json:
        print(json.dumps(told))
        return
    tell_status(told)


@command.command("link")
def link(
    campaign: Annotated[str, typer.Argument(help="Name or number of a campaign here.")],
    crm_campaign: Annotated[str, typer.Argument(help="Id of the campaign in Salesforce (701…).")],
    *,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Say that a campaign here is one of the org's: its members get a status from now on.

    Example: mailwake salesforce link "Spring news" 701xx0000004C92
    """
    from mailwake.crm.audience import link as link_campaign

    with opened(config, events=False) as office, _audited(office, Action.SALESFORCE_LINKED, crm_campaign):
        desk = office.desk
        found = desk.around.state.find_campaign(campaign)
        if found is None:
            raise BadInput(f"there is no campaign {campaign[:80]!r}; `mailwake report` has their names")
        wanted = desk.around.ladder.steps
        made = link_campaign(desk.org, desk.store, found.id, crm_campaign, now=desk.now, wanted=wanted)
        desk.store.put_mark(FOLLOWED, 0)
    print(
        f"{found.name} is campaign {crm_campaign} of the org"
        + (f"; made its statuses {', '.join(made)}" if made else "")
    )


@command.command("audience")
def audience(
    source: Annotated[str, typer.Argument(help="Id of a campaign in Salesforce, or Contact/VIEW, Lead/VIEW.")],
    out: Annotated[str, typer.Argument(help="CSV file to write, for `mailwake send`.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Write the members of a campaign, or what a list view shows, as the people of a mailing.

    Example: mailwake salesforce audience 701xx0000004C92 people.csv
    """
    from mailwake.cli.salesforce.people import write_people
    from mailwake.crm.audience import campaign_audience, view_audience

    with opened(config, events=False) as office, _audited(office, Action.EXPORT_MADE, source):
        of, _, view = source.partition("/")
        org = office.desk.org
        found = view_audience(org, of, view) if view else campaign_audience(org, source)
    write_people(found, out)


@command.command("read")
def read(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Read what changed in the org, and follow who wants no mail.

    Example: mailwake salesforce read
    """
    with opened(config) as office:
        if office.is_elsewhere:
            raise BadInput("the running dashboard reads the org by itself; stop it first, or look at `status`")
        with office.progress("reading") as progress:
            tell_looked(office.desk.look(lambda _kind, count: progress(count)))


@command.command("reconcile")
def reconcile(
    *,
    config: ConfigOption = DEFAULT_FILE,
    days: Annotated[int, typer.Option(min=1, max=730, help="How far back, by when a mail was sent.")] = 90,
    no_read: Annotated[bool, typer.Option("--no-read", help="Compare what was read before; make no call.")] = False,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet.")] = False,
) -> None:
    """Read what Salesforce's own tracking says of our mail, and show where it and we disagree, and why.

    Example: mailwake salesforce reconcile --days 30
    """
    from mailwake.cli.salesforce.reconciling import reconcile as compare

    compare(config, days=days, read=not no_read, as_json=as_json, as_csv=as_csv)


@command.command("deploy")
def deploy(
    *,
    config: ConfigOption = DEFAULT_FILE,
    check: Annotated[
        bool, typer.Option("--check", help="Let the org say whether it would take it; change nothing.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the package out, with all that stands in its fields and rows.")
    ] = False,
    username: Annotated[
        str, typer.Option(help="A user of the org who may change metadata; empty: the one of the settings.")
    ] = "",
) -> None:
    """Put the package of fields, permissions and lists into the org.

    Example: mailwake salesforce deploy --check --username admin@acme.example
    """
    from mailwake.cli.salesforce.deploying import deploy as put_in

    if check:
        put_in(config, check=check, remove=remove, username=username)
        return
    action = Action.SALESFORCE_REMOVED if remove else Action.SALESFORCE_DEPLOYED
    with audited_act(config, action, Thing("org", load(config).salesforce.login)):
        put_in(config, check=check, remove=remove, username=username)


def _audited(office: Opened, action: Action, name: str = "") -> AbstractContextManager[None]:
    return audited(office.desk.around.state, action, Thing("salesforce", name))


def _prepare(office: Opened) -> None:
    """Read the org and follow the facts, where nobody else does."""
    if office.is_elsewhere:
        typer.echo(_EVENTS_ELSEWHERE, err=True)
        return
    with office.progress("reading the org") as progress:
        office.desk.look(lambda _kind, count: progress(count))
    with office.progress("following events") as progress:
        office.desk.sweep(progress) if office.desk.is_night else office.desk.follow()
