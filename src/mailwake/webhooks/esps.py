"""The ESPs by the names that settings, URLs and commands use."""

from __future__ import annotations

from types import ModuleType

from mailwake.webhooks import (
    brevo,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    sendgrid,
    ses,
    sparkpost,
    unisender_go,
)

ESPS: dict[str, ModuleType] = {
    "ses": ses,
    "sendgrid": sendgrid,
    "postmark": postmark,
    "mailgun": mailgun,
    "sparkpost": sparkpost,
    "mailjet": mailjet,
    "brevo": brevo,
    "mandrill": mandrill,
    "resend": resend,
    "mailersend": mailersend,
    "postal": postal,
    "mailtrap": mailtrap,
    "unisender-go": unisender_go,
}


def esp_named(text: str) -> str:
    """The name in our spelling: "Amazon SES" and "Unisender Go" are understood too; what is unknown stays."""
    name = text.strip().lower().replace(" ", "-").replace("_", "-")
    return name.removeprefix("amazon-")
