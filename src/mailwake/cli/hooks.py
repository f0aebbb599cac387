"""The webhooks of an installation, as its settings name them."""

from __future__ import annotations

from mailwake.errors import Misconfigured
from mailwake.sections import Webhook
from mailwake.settings import Settings
from mailwake.webhooks.call import Secrets
from mailwake.webhooks.esps import ESPS
from mailwake.webhooks.reporting import Hook

#: ESPs whose calls carry no signature.
UNSIGNED = ("postmark", "sparkpost", "mailjet", "brevo")


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
    if entry.queue_url and entry.esp != "ses":
        raise Misconfigured(f"{option}.queue_url", "only SES reports through a queue; leave it out")
    if entry.esp == "mandrill" and not entry.public_url:
        raise Misconfigured(f"{option}.public_url", "Mandrill signs the URL; write it as Mandrill was told it")
    values = tuple(settings.secret(each, f"{option}.secrets") for each in entry.secrets)
    if not all(values):
        raise Misconfigured(f"{option}.secrets", "one of them is empty")
    secrets = Secrets(values=values, topic_arn=entry.topic_arn, networks=entry.networks)
    return Hook(esp=entry.esp, name=name, url=entry.public_url, secrets=secrets, queued=bool(entry.queue_url))
