"""`mailwake consent`: what people said about being watched; lists in and out, proofs, the chain, profiles and texts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, moment, recipient, who
from mailwake.cli.consent import telling
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.keeping import tell_edges
from mailwake.consents import files, proof, verifying, words
from mailwake.consents.standing import consent_of, to_json
from mailwake.consents.statements import Statement, Teller, say_once, weigh, write
from mailwake.errors import BadInput
from mailwake.profiles import profiles
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.store.state import StateStore
from mailwake.suppression.files import decode

command = typer.Typer(
    help="Import, export, show and prove what people said about being watched; verify that nobody changed it.\n\n"
    "Example: mailwake consent show ann@example.com",
    no_args_is_help=True,
)

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
ByOption = Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")]
AddressArgument = Annotated[str, typer.Argument(help="In any spelling.")]
TextOption = Annotated[str, typer.Option(help="Number or SHA-256 of the text they were shown.")]
ProofOption = Annotated[str, typer.Option(help="What shows it, such as the number of a form; no address.")]
_METHOD_HELP = f"How they said it: {', '.join(words.METHODS)}."


@command.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="CSV with the columns email and state, at least.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    method: Annotated[str, typer.Option(help=_METHOD_HELP)] = "import",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read statements from a list. Who refused stays so, unless a line is newer and carries a proof.

    Columns: email, state (granted denied withdrawn exempt_hygiene, or yes and no), and if you have them axis (opens
    clicks both profile hygiene), at, method, text, locale, url, proof.

    Example: mailwake consent import consents.csv --dry-run
    """
    try:
        told = files.read_list(decode(file.read_bytes()))
    except OSError as fault:
        raise BadInput(f"cannot read {file}: {fault.strerror}") from None
    teller = Teller(source="import", by=by or who(), method=words.method_of(method))
    with _opened(config) as (state, settings):
        weighed = weigh(state, told, teller=teller, profile=settings.profile, now=moment())
        if not dry_run:
            told_of = {"new": len(weighed.new), "lost": len(weighed.lost)}
            act = audited(state, Action.CONSENTS_IMPORTED, Thing("file", file.name), by=by, after=told_of)
            with act, _bar(len(weighed.new)) as advance:
                write(state, weighed.new, progress=advance)
            tell_edges(settings)
    for lost in weighed.lost:
        print(f"mailwake: {file}:{lost.statement.number}: does not count: {telling.safe(lost.why)}", file=sys.stderr)
    facts = {"new": len(weighed.new), "known": weighed.known, "lost": len(weighed.lost), "dry_run": dry_run}
    is_new = "would be new" if dry_run else "new"
    said = f"{facts['new']:,} {is_new}; {facts['known']:,} known already, {facts['lost']:,} do not count"
    print(msgspec.json.encode(facts).decode() if as_json else said)


@command.command("export")
def give_out(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Print the whole ledger as CSV; `import` takes it in again.

    Example: mailwake consent export > consents.csv
    """
    with _opened(config) as (state, _), audited(state, Action.EXPORT_MADE, Thing("table", "consents")):
        for text in files.write_list(state):
            sys.stdout.write(text)


@command.command("set")
def put(  # noqa: PLR0913 - one per option
    address: AddressArgument,
    said: Annotated[str, typer.Argument(help="granted, denied, withdrawn or exempt_hygiene.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    axis: Annotated[str, typer.Option(help="opens, clicks, both, profile or hygiene.")] = "both",
    at: Annotated[str, typer.Option(help="When they said it, such as 2026-03-01T12:00Z. [default: now]")] = "",
    method: Annotated[str, typer.Option(help=_METHOD_HELP)] = "support",
    text: TextOption = "",
    url: Annotated[str, typer.Option(help="Page on which they said it.")] = "",
    evidence: Annotated[str, typer.Option("--proof", help="What shows it, such as the number of a form.")] = "",
    by: ByOption = "",
) -> None:
    """Write down what one recipient told you.

    Example: mailwake consent set ann@example.com withdrawn --proof "ticket 4711"
    """
    now = moment()
    statement = Statement(
        address=address,
        state=files.said_in(said),
        axis=axis,
        at=at or words.exact(now),
        text=text,
        url=url,
        proof=evidence,
    )
    teller = Teller(source="support", by=by or who(), method=words.method_of(method))
    with _opened(config) as (state, settings):
        told_of = {"axis": axis, "said": said}
        with audited(state, Action.CONSENT_SET, recipient(state, address), by=by, after=told_of):
            is_new = say_once(state, statement, teller=teller, profile=settings.profile, now=now)
        tell_edges(settings)
    print("written down" if is_new else "it was known already")


@command.command("show")
def show(
    address: AddressArgument,
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: JsonOption = False,
    html: Annotated[Path | None, typer.Option(help="Write the proof as a page that anybody can read.")] = None,
    full: Annotated[bool, typer.Option("--proof", help="The proof as JSON, with the texts they were shown.")] = False,
) -> None:
    """Show what one recipient said, what holds, and how closely their mail may be watched.

    Example: mailwake consent show ann@example.com --html proof.html
    """
    with _opened(config) as (state, settings), audited(state, Action.PERSON_READ, recipient(state, address)):
        made = proof.proof_of(state, settings, address, now=datetime.now(UTC))
        answer = consent_of(state, settings, address)
    if html is not None:
        html.write_text(proof.to_html(made), encoding="utf-8")
        print(f"wrote {html}")
    elif full:
        print(proof.to_json(made).decode(), end="")
    else:
        print(to_json(answer).decode() if as_json else telling.answer_told(answer), end="")


@command.command("verify")
def verify(
    *,
    config: ConfigOption = DEFAULT_FILE,
    head: Annotated[str, typer.Option(help='A head that you kept: "NUMBER HASH".')] = "",
    as_json: JsonOption = False,
) -> None:
    """Go through the ledger, and name every line that was changed, taken out or put in. Exit 1: there is one.

    Keep the head that it prints elsewhere: whoever may write the whole database could make a new chain.

    Example: mailwake consent verify
    """
    with _opened(config) as (state, _):
        found = verifying.verify(state, head=head)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        for each in found.breaks:
            print(f"line {each.number}: {each.what}: {each.why}" if each.number else f"{each.what}: {each.why}")
        print(
            f"{found.lines:,} lines, "
            + (f"{len(found.breaks)} findings" if found.breaks else "all as they were sealed")
        )
        print(f"head {found.head}")
    if found.breaks:
        raise typer.Exit(1)


@command.command("profiles")
def show_profiles(
    name: Annotated[str, typer.Argument(help="One of them, with notes and sources.")] = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """List the presets for `[tracking] profile`, with sources and the day they were read. Not legal advice.

    Example: mailwake consent profiles FR
    """
    if name and name not in profiles():
        raise BadInput(f"there is no profile {name[:40]!r}; there are {', '.join(profiles())}")
    for each in profiles().values():
        if name in ("", each.name):
            print(
                msgspec.json.encode(telling.profile_told(each)).decode()
                if as_json
                else telling.profile_line(each, is_full=bool(name))
            )


@command.command("texts")
def texts(
    *,
    config: ConfigOption = DEFAULT_FILE,
    add: Annotated[Path | None, typer.Option(help="Keep the text in this file (UTF-8).")] = None,
    locale: Annotated[str, typer.Option(help="Its language, such as fr.")] = "",
    since: Annotated[str, typer.Option(help="Since when it is shown. [default: now]")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the texts that people agree to, or keep one. A text that was kept never changes.

    Example: mailwake consent texts --add consent-fr.txt --locale fr
    """
    with _opened(config) as (state, _):
        if add is not None:
            try:
                told = words.text_of(add.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as fault:
                raise BadInput(f"cannot read {add} as UTF-8: {fault}") from None
            if not locale:
                raise BadInput("say in which language the text is: --locale fr")
            with audited(state, Action.CONSENT_TEXT_ADDED, Thing("file", add.name)):
                state.put_consent_text(told, locale=words.locale_of(locale), since=words.moment_of(since) or moment())
        found = state.consent_texts()
    for each in found:
        first = telling.safe(each.text.strip().splitlines()[0])
        line = f"{each.id:>4}  {each.locale:<6} since {words.day(each.since)}  {each.sha256[:16]}…  {first}"
        print(msgspec.json.encode(each).decode() if as_json else line)
    if not found and not as_json:
        print("there is none")


@contextmanager
def _opened(config: str) -> Iterator[tuple[StateStore, Settings]]:
    from mailwake.store.state import open_state

    settings = load(config)
    configure(settings.logging, "command")
    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        yield state, settings


@contextmanager
def _bar(total: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    shown = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*shown, console=Console(stderr=True), transient=True)
    bar.disable = not sys.stderr.isatty()
    with bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)
