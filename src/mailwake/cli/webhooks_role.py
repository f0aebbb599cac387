"""The role behind `mailwake webhooks`: takes what ESPs report until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time

from mailwake.cli.logs import configure
from mailwake.copies import Copies
from mailwake.errors import Misconfigured
from mailwake.hosts import Hosts
from mailwake.settings import DEFAULT_FILE, Settings, Webhook, load
from mailwake.webhooks.call import Secrets
from mailwake.webhooks.esps import ESPS
from mailwake.webhooks.reporting import Hook

WRITER = "webhooks"
#: ESPs whose calls carry no signature.
UNSIGNED = ("postmark", "sparkpost", "mailjet", "brevo")


def command(config: str = DEFAULT_FILE) -> None:
    """The role, until it is told to stop."""
    settings = load(config)
    configure(settings.logging, WRITER)
    asyncio.run(_serve(settings, hooks_of(settings)))


def hooks_of(settings: Settings) -> list[Hook]:
    """What is listened for.

    Raises:
        Misconfigured: an entry names no ESP of ours, or nothing that its calls could be checked with.
    """
    if not settings.webhooks:
        raise Misconfigured("webhooks", "there is none; write [webhooks.NAME] with esp and secrets")
    return [_hook(settings, name, entry) for name, entry in settings.webhooks.items()]


def _hook(settings: Settings, name: str, entry: Webhook) -> Hook:
    option = f"webhooks.{name}"
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise Misconfigured(option, "the name stands in a URL; use letters, digits and hyphens")
    if entry.esp not in ESPS:
        raise Misconfigured(f"{option}.esp", f"must be one of {', '.join(ESPS)}")
    if entry.esp == "ses" and not entry.topic_arn:
        raise Misconfigured(f"{option}.topic_arn", "name the SNS topic that reports; others are refused")
    if entry.esp != "ses" and not entry.secrets:
        what = "user:password or a token of your own" if entry.esp in UNSIGNED else "the signing key that the ESP shows"
        raise Misconfigured(f"{option}.secrets", f'put {what} into a file and write secrets = ["file:PATH"]')
    if entry.esp == "mandrill" and not entry.public_url:
        raise Misconfigured(f"{option}.public_url", "Mandrill signs the URL; write it as Mandrill was told it")
    values = tuple(settings.secret(each, f"{option}.secrets") for each in entry.secrets)
    if not all(values):
        raise Misconfigured(f"{option}.secrets", "one of them is empty")
    secrets = Secrets(values=values, topic_arn=entry.topic_arn, networks=entry.networks)
    return Hook(esp=entry.esp, name=name, url=entry.public_url, secrets=secrets)


async def _serve(settings: Settings, hooks: list[Hook]) -> None:
    from mailwake.eventlog.reports import reporting
    from mailwake.eventlog.sqlite import SqliteWriter
    from mailwake.web.server import serve as listen
    from mailwake.webhooks.server import Receiver

    writer = SqliteWriter.open(settings.data_folder / "log", WRITER, keep=settings.log)
    listener, copies = settings.webhook_server, Copies(Hosts.load(settings).reader())
    try:
        receiver = Receiver(hooks, copies, writer, clock=_clock, proxies=listener.trusted_proxies)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with reporting(settings.data_folder / "webhooks.json", WRITER, receiver.report, clock=_clock):
            await listen(
                receiver,
                host=listener.host,
                port=listener.port,
                section="webhook_server",
                ready=lambda url: print(f"webhooks on {url}", flush=True),
                stop=stop,
            )
    finally:
        await writer.close()


def _clock() -> int:
    return time.time_ns() // 1_000
