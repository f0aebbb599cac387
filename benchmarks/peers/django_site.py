"""Two Django sites that count opens: pytracking's view with one row per hit, and django-mail-analytics as it comes.

Settings, addresses and the setting-up are one file, as small Django sites may be. `mailwake bench edge` starts it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.conf import settings

KEY = "not a secret: a benchmark's"
FERNET = "4WhBd3U4qGZ0cRc0zZ3m1yRZr0sV3uJr2dUqj8l5m5k="

settings.configure(
    SECRET_KEY=KEY,
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_mail_analytics"],
    MIDDLEWARE=[],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "bench",
            "HOST": os.environ["BENCH_SOCKET"],
            "OPTIONS": {"pool": {"min_size": 4, "max_size": 16}} if os.environ.get("BENCH_POOL") else {},
            "CONN_MAX_AGE": 0 if os.environ.get("BENCH_POOL") else None,
        }
    },
    MAIL_ANALYTICS={"SCHEME": "http", "DOMAIN": "track.example.com"},
    PYTRACKING_CONFIGURATION={"encryption_bytestring_key": FERNET.encode(), "encoding": "utf-8"},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402 - Django wants to be set up first
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import include, path  # noqa: E402
from pytracking import Configuration  # noqa: E402
from pytracking.django import OpenTrackingView  # noqa: E402
from pytracking.tracking import get_open_tracking_url  # noqa: E402


class Hit(models.Model):
    """What a site keeps that adds pytracking: the row its documentation suggests."""

    delivery = models.CharField(max_length=64, db_index=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.TextField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "auth"
        managed = False
        db_table = "hit"


class Opened(OpenTrackingView):
    """The view, with the row."""

    def notify_tracking_event(self, tracking_result: object) -> None:
        data = getattr(tracking_result, "request_data", None) or {}
        metadata = getattr(tracking_result, "metadata", None) or {}
        Hit.objects.create(
            delivery=str(metadata.get("delivery", "")), address=data.get("user_ip"), agent=data.get("user_agent")
        )


urlpatterns = [
    path("o/<str:path>", Opened.as_view()),
    path("m/", include("django_mail_analytics.urls")),
]
wsgi, asgi = get_wsgi_application(), get_asgi_application()


def prepare(folder: Path, count: int = 2_000) -> None:
    """Tables, recipients, and the paths that a client asks for: files ``pytracking`` and ``mail-analytics``."""
    from django_mail_analytics.mail import get_hasher
    from django_mail_analytics.models import Mail, MailRecipient

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Hit)
    mail = Mail.objects.create(key="bench", date="2026-11-25")
    people = MailRecipient.objects.bulk_create(
        [MailRecipient(mail=mail, recipient=f"p{n}@example.com") for n in range(count)]
    )
    hasher = get_hasher()
    (folder / "mail-analytics").write_text(
        "".join(f"/m/i?q={hasher.encode(person.id)}\n" for person in people), encoding="utf-8"
    )
    sealed = Configuration(
        base_open_tracking_url="http://track.example.com/o/",
        encryption_bytestring_key=FERNET.encode(),
        append_slash=False,
    )
    urls = [get_open_tracking_url({"delivery": str(n)}, configuration=sealed) for n in range(count)]
    (folder / "pytracking").write_text("".join(f"/o/{url.rpartition('/o/')[2]}\n" for url in urls), encoding="utf-8")


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
