"""Django's e-mail backend: the SMTP backend, with tracking. Django itself is imported when the backend is asked for.

In the Django settings::

    EMAIL_BACKEND = "mailwake.send.django.EmailBackend"
    MAILWAKE_CONFIG = "/etc/mailwake/mailwake.toml"

A message says more by headers: ``EmailMessage(..., headers={"X-Mailwake-Campaign": "welcome"})``.

Source: https://docs.djangoproject.com/en/stable/topics/email/#defining-a-custom-email-backend
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any

from mailwake.send.connection import Connection
from mailwake.send.tracker import Tracker
from mailwake.settings import DEFAULT_FILE, load


def make_backend(base: Any, configured: Any) -> Any:  # noqa: ANN401 - Django has no types
    """A backend on top of an SMTP backend.

    Args:
        base: `django.core.mail.backends.smtp.EmailBackend`, or a class with its `open` and `connection`.
        configured: Django's settings; `MAILWAKE_CONFIG` names ours.
    """

    class EmailBackend(base):  # type: ignore[misc]  # the base is known at run time only
        """Sends each recipient a copy of its own, through the server of Django's settings."""

        connection: Any

        def open(self) -> Any:  # noqa: ANN401 - as the base
            """Open the connection, if it is not, and let everything that is sent pass the tracker."""
            opened = super().open()
            if self.connection is not None and not isinstance(self.connection, Connection):
                tracker = open_tracker(str(getattr(configured, "MAILWAKE_CONFIG", DEFAULT_FILE)))
                self.connection = Connection(self.connection, tracker)
            return opened

    return EmailBackend


@lru_cache(maxsize=8)
def open_tracker(config: str) -> Tracker:
    """The tracker of a settings file; Django makes a backend for every message, the tracker stays."""
    return Tracker.open(load(config))


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class made from another
    if name != "EmailBackend":
        raise AttributeError(name)
    return make_backend(
        import_module("django.core.mail.backends.smtp").EmailBackend, import_module("django.conf").settings
    )
