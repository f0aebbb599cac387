"""Where the readers of a link go: decided here, with a reason that is kept. It takes effect within seconds."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited_act, who
from mailwake.cli.options import ConfigOption
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.watch import Health
from mailwake.watchdog.desk import opened_desk
from mailwake.watchdog.switches import Link

LinkArgument = Annotated[str, typer.Argument(help="The link as it stands in the mail.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, which is kept.")]
TemplateOption = Annotated[int, typer.Option("--template", min=0, help="In this mail alone; with --number.")]
NumberOption = Annotated[int, typer.Option("--number", min=0, help="At this place of it; with --template.")]


def replace(  # noqa: PLR0917 - a command has as many parameters as options
    link: LinkArgument,
    to: Annotated[str, typer.Argument(help="Where its readers go from now on.")],
    why: WhyOption,
    template: TemplateOption = 0,
    number: NumberOption = 0,
    insist: Annotated[bool, typer.Option("--insist", help="Also where a visit finds that nothing is there.")] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Send the readers of a link elsewhere, in all mail that holds it, also in what was delivered.

    The new address is visited first, and refused where nothing answers.

    Example: mailwake links replace https://shop.example.com/old https://shop.example.com/new --why "the page moved"
    """
    meant = _link(link, template, number)
    with (
        audited_act(config, Action.LINK_REPLACED, Thing("link", link), after={"to": to}),
        opened_desk(load(config)) as desk,
    ):
        found = desk.replace(meant, to, insist=insist, **_said(why))
    print(f"readers of {link!r} go to {to!r}; `mailwake links restore` undoes it")
    if found is None:
        print("nobody visited that address, because a look might do something there; look at it yourself")
    elif found.health is not Health.WELL:
        print(f"a visit to that address says {found.said}; look at it yourself")


def stop(  # noqa: PLR0917 - a command has as many parameters as options
    link: LinkArgument,
    why: WhyOption,
    template: TemplateOption = 0,
    number: NumberOption = 0,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Take a link away: its readers get a notice (410) and are led nowhere.

    Example: mailwake links stop https://shop.example.com/old --why "reported as phishing"
    """
    meant = _link(link, template, number)
    with audited_act(config, Action.LINK_STOPPED, Thing("link", link)), opened_desk(load(config)) as desk:
        desk.switches.stop(meant, **_said(why))
    print(f"readers of {link!r} get the notice that it was taken away; `mailwake links restore` undoes it")


def restore(  # noqa: PLR0917 - a command has as many parameters as options
    link: LinkArgument,
    why: WhyOption,
    template: TemplateOption = 0,
    number: NumberOption = 0,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Let the readers of a link go where the mail says again.

    Example: mailwake links restore https://shop.example.com/old --why "the page is back"
    """
    meant = _link(link, template, number)
    with audited_act(config, Action.LINK_RESTORED, Thing("link", link)), opened_desk(load(config)) as desk:
        desk.switches.restore(meant, **_said(why))
    print(f"readers of {link!r} go where the mail says")


def keep(config: ConfigOption = DEFAULT_FILE) -> None:
    """Write the file that the edge reads anew, where it does not say what was decided.

    Example: mailwake links keep
    """
    with opened_desk(load(config)) as desk:
        is_new = desk.keep(now=_now())
        forged = desk.switches.keeper.forged
    print("detours.json was written anew" if is_new else "detours.json says what was decided")
    if forged:
        raise BadInput(f"{forged:,} decisions were made by nobody with our keys and are left out; see who wrote to "
                       "state.sqlite")  # fmt: skip


def _link(href: str, template: int, number: int) -> Link:
    if bool(template) != bool(number):
        raise BadInput("one place is named by --template and --number together; `mailwake links list URL` has both")
    return Link(href=href, template=template, number=number)


def _said(why: str) -> dict[str, Any]:
    return {"at": _now(), "by": f"command line ({who()})", "why": why}


def _now() -> Micros:
    return Micros(time.time_ns() // 1_000)
