"""`mailwake webhooks`: takes what ESPs report, and reads a body by hand."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mailwake.bounces.decide import Bounces
from mailwake.cli.options import ConfigOption
from mailwake.cli.webhooks_role import WRITER
from mailwake.cli.webhooks_role import command as run_role
from mailwake.errors import BadInput, Misconfigured
from mailwake.events import Note, decode_event
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.webhooks.call import Secrets
from mailwake.webhooks.fields import load_object

_MAX_INPUT = 64 * 1024 * 1024

command = typer.Typer(invoke_without_command=True)


@command.callback()
def serve(context: typer.Context, config: ConfigOption = DEFAULT_FILE) -> None:
    """Take what 13 ESPs report, at /webhooks/ESP/NAME of [webhook_server]; or read a body by hand.

    Example: mailwake webhooks --config mailwake.toml
    """
    if context.invoked_subcommand is None:
        run_role(config)


@command.command("read")
def read_body(
    esp: Annotated[str, typer.Option("--esp", help="Whose body it is; with --jsonl each line may say.")] = "",
    content_type: Annotated[str, typer.Option("--content-type", help="As the call had it.")] = "application/json",
    header: Annotated[list[str] | None, typer.Option("--header", help="'Name: value', as the call had it.")] = None,
    secret: Annotated[list[str] | None, typer.Option("--secret", help="env:NAME or file:PATH; check with it.")] = None,
    *,
    url: Annotated[str, typer.Option("--url", help="The public URL, which Mandrill signs.")] = "",
    topic: Annotated[str, typer.Option("--topic", help="The SNS topic that may report (ses).")] = "",
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Read it without asking for proof.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Standard input has a call a line, as JSON.")] = False,
) -> None:
    """Read the body on standard input and print an event a line, as it would be logged.

    With --jsonl a line is an object with esp, body, content_type, headers and id, and an answer one with id, events and
    refused.

    Example: mailwake webhooks read --esp sendgrid --no-verify < body.json
    """
    from mailwake.exchange.webhooks import WebhookReader

    values = tuple(Settings(root=Path.cwd()).secret(each, "--secret") for each in secret or ())
    if not values and not topic and not no_verify:
        raise BadInput("name a --secret to check the call with, or say --no-verify")
    secrets = None if no_verify else Secrets(values=values, topic_arn=topic)
    reader = WebhookReader(Bounces.load(), secrets, url=url, now=_clock())
    given = {"content-type": content_type, **dict(_header(each) for each in header or ())}
    raw = sys.stdin.buffer.read(_MAX_INPUT)
    answers = reader.lines(raw, esp) if jsonl else reader.events(esp, raw, given)
    for answer in answers:
        print(json.dumps(answer, ensure_ascii=False))


@command.command()
def sqs(config: ConfigOption = DEFAULT_FILE) -> None:
    """Say whether the queues of [webhooks.NAME] can be read, and about how many messages wait in each.

    Nothing is taken out. `mailwake webhooks` empties them.

    Example: mailwake webhooks sqs
    """
    from mailwake.cli.hooks import hooks_of
    from mailwake.cli.webhooks_role import open_queues

    settings = load(config)
    queues = open_queues(settings, hooks_of(settings))
    if not queues:
        raise Misconfigured("webhooks", 'no hook has a queue; write queue_url below esp = "ses"')
    for name, (_, queue) in queues.items():
        print(f"{name}: {queue.check():,} wait")


@command.command()
def confirm(name: str, config: ConfigOption = DEFAULT_FILE) -> None:
    """Show how to confirm the SNS subscription that asked for it last. Nothing is fetched for you.

    Example: mailwake webhooks confirm main
    """
    asked = _last_confirmation(load(config), name)
    if asked is None:
        raise BadInput(f"no subscription of the hook {name!r} has asked to be confirmed in the days that the log keeps")
    topic, token = asked
    print(f"aws sns confirm-subscription --topic-arn {topic} --token {token}")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise BadInput("write a header as 'Name: value'")
    return name.strip().lower(), value.strip()


def _last_confirmation(settings: Settings, name: str) -> tuple[str, str] | None:
    asked = [
        (envelope.text("TopicArn"), envelope.text("Token"))
        for body in _bodies(settings, f"/webhooks/ses/{name}")
        if (envelope := load_object(body)).text("Type") == "SubscriptionConfirmation"
    ]
    return asked[-1] if asked else None


def _bodies(settings: Settings, path: str) -> Iterator[bytes]:
    """The bodies that a hook got and that could be read, oldest first."""
    from contextlib import closing

    from mailwake.eventlog.sqlite import SqliteReader

    cursor = 0
    with closing(SqliteReader(settings.data_folder / "log")) as reader:
        while segments := [each for each in reader.read({WRITER: cursor}, limit_records=100) if each.writer == WRITER]:
            cursor = segments[-1].number
            for event in (decode_event(record) for segment in segments for record in segment.records):
                asked = event.request.path.decode() if event.request else ""
                if event.note is Note.WEBHOOK and asked == path and not event.cause:
                    yield event.raw


def _clock() -> int:
    return time.time_ns() // 1_000
