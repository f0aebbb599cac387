"""Mail in the forms of many servers, written for this test: what it is, whom it is about and why."""

from pathlib import Path
from typing import NamedTuple

from tests.every import every

from mailwake.bounces.decide import Bounces
from mailwake.cli.ingest import as_dict
from mailwake.events import Micros
from mailwake.ingest.desk import open_notice

FILE = Path(__file__).parents[1] / "data" / "written" / "mails.txt"
BOUNCES = Bounces.load()


class Written(NamedTuple):
    """One mail of the file: ``@@ name | kind | address:category, …`` and the mail below."""

    name: str
    kind: str
    about: str
    raw: bytes


def mails() -> list[Written]:
    found = []
    for block in FILE.read_text(encoding="utf-8").split("@@ ")[1:]:
        head, _, raw = block.partition("\n")
        name, kind, about = (each.strip() for each in head.split("|"))
        found.append(Written(name, kind, about, raw.encode()))
    return found


MAILS = mails()


def told(raw: bytes) -> tuple[str, str]:
    """Kind and recipients as the file writes them."""
    line = as_dict("", open_notice(raw, None, received_at=Micros(0)), BOUNCES)
    return line["kind"], ", ".join(f"{who['address']}:{who['category']}" for who in line["recipients"])


@every("mail", MAILS, ids=[mail.name for mail in MAILS])
def test_a_mail_is_read_as_what_it_is(mail: Written) -> None:
    assert told(mail.raw) == (mail.kind, mail.about)


@every("mail", MAILS, ids=[mail.name for mail in MAILS])
def test_line_ends_make_no_difference(mail: Written) -> None:
    assert told(mail.raw.replace(b"\n", b"\r\n")) == (mail.kind, mail.about)
    assert told(mail.raw.replace(b"\n", b"\r")) == (mail.kind, mail.about)


def test_no_name_stands_twice() -> None:
    assert len({mail.name for mail in MAILS}) == len(MAILS)
