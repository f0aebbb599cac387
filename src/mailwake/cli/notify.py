"""`mailwake notify`: webhooks out: who is told, what nobody took, and trying again."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Annotated

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, moment, state_of
from mailwake.cli.options import ConfigOption
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput
from mailwake.notifying import posting, signing
from mailwake.notifying.courier import DEAD, WAITS, dead_letters, enable, places
from mailwake.notifying.endpoints import Endpoint, endpoints_of
from mailwake.settings import DEFAULT_FILE, load

command = typer.Typer(
    help="Webhooks out: other programs are told what happens (docs/howto/notify.md).\n\nExample: mailwake notify list",
    no_args_is_help=True,
)
NameArgument = Annotated[str, typer.Argument(help="NAME of [notify.NAME].")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


@command.command("list")
def show(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Show who is told, and how that goes.

    Example: mailwake notify list
    """
    known = {each.name: each for each in endpoints_of(load(config))}
    with state_of(config) as state:
        found = places(state)
    if as_json:
        print(json.dumps({name: msgspec.to_builtins(found[name]) if name in found else None for name in known}))
        return
    for name, endpoint in known.items():
        place = found.get(name)
        stands = "was told nothing yet" if place is None else f"{place.taken:,} told, {place.dead:,} laid aside"
        if place is not None and place.disabled:
            stands += f", switched off: {place.disabled}; `mailwake notify enable {name}` goes on"
        elif place is not None and place.last_error:
            stands += f", waits for try {place.tries + 1} of {len(WAITS) + 1}: {place.last_error}"
        print(f"{name}: {endpoint.url} · {', '.join(sorted(endpoint.events))} · {endpoint.when} · {stands}")
    if not known:
        print("nobody is told anything; [notify.NAME] in mailwake.toml names a URL")


@command.command("secret")
def secret() -> None:
    """Make a signing secret.

    Example: mailwake notify secret > notify.secret
    """
    print(f"{signing.PREFIX}{base64.b64encode(secrets.token_bytes(32)).decode()}")


@command.command("test")
def try_out(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Send a webhook that means nothing, of type mailwake.test.

    Example: mailwake notify test crm
    """
    endpoint = _named(config, name)
    now = moment()
    body = json.dumps(
        {"type": "mailwake.test", "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "data": {}}
    )
    given = signing.headers(f"msg_test_{now}", now // 1_000_000, body.encode(), endpoint.keys)
    answer = posting.post(endpoint.url, given, body.encode(), allow_private=endpoint.allow_private)
    if not answer.is_taken:
        raise BadInput(f"{name} answered {answer.status}; a webhook is taken with 200 to 299")
    print(f"{name} took it with {answer.status}")


@command.command("dead")
def dead(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Show what nobody took in three days.

    Example: mailwake notify dead
    """
    with state_of(config) as state:
        letters = dead_letters(state)
    if as_json:
        print(json.dumps(letters))
        return
    for each in letters:
        print(f"{each['endpoint']}  {each['id']}  {each['type']}  {visible(str(each['why']))}")
    if not letters:
        print("nothing was laid aside")


@command.command("retry")
def retry(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Tell an endpoint again what it did not take, oldest first, under the same ids; stops at the first refusal.

    Example: mailwake notify retry crm
    """
    endpoint = _named(config, name)
    told = 0
    with state_of(config) as state, audited(state, Action.WEBHOOK_RETRIED, Thing("endpoint", name)):
        for letter in reversed([each for each in dead_letters(state) if each["endpoint"] == name]):
            now, body = moment(), str(letter["body"]).encode()
            given = signing.headers(str(letter["id"]), now // 1_000_000, body, endpoint.keys)
            answer = posting.post(endpoint.url, given, body, allow_private=endpoint.allow_private)
            if not answer.is_taken:
                raise BadInput(f"{name} answered {answer.status} after {told} were taken; the rest stays laid aside")
            state.finish_job(DEAD, f"{name}:{letter['id']}", now=now)
            told += 1
    print(f"{told} told")


@command.command("enable")
def switch_on(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Tell an endpoint again that was switched off, from where it stopped.

    Example: mailwake notify enable crm
    """
    _named(config, name)
    with state_of(config) as state, audited(state, Action.WEBHOOK_ENABLED, Thing("endpoint", name)):
        enable(state, name, now=moment())
    print("on")


def _named(config: str, name: str) -> Endpoint:
    known = {each.name: each for each in endpoints_of(load(config))}
    if name not in known:
        raise BadInput(f"there is no [notify.{name[:64]}]; there are {', '.join(known) or 'none'}")
    return known[name]
