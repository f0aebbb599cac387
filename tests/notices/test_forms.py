"""Mail in the forms that servers, programs and people write, set down before the readers had seen any of it."""

import base64
import quopri
import re
from collections.abc import Iterator
from email.header import Header
from pathlib import Path
from typing import NamedTuple

from tests.every import every

from mailwake.notices.notice import Action, Kind, Notice
from mailwake.notices.read import read_notice

FOLDER = Path(__file__).parents[1] / "data" / "written"
WORDS = {Kind.BOUNCE: "bounced", Kind.NOT_BOUNCE: "not_a_bounce"}
CHARSET = re.compile(r"^Content-Type: [^\n]*charset=\"?([\w-]+)", re.IGNORECASE | re.MULTILINE)


class Form(NamedTuple):
    """One mail: ``@@ name | what it is | recipients | addresses that are none`` and the mail below."""

    name: str
    kinds: tuple[str, ...]
    recipients: tuple[str, ...]
    others: tuple[str, ...]
    words: str


def forms(file: str) -> Iterator[Form]:
    for block in (FOLDER / file).read_text(encoding="utf-8").split("@@ ")[1:]:
        head, _, words = block.partition("\n")
        name, kinds, recipients, others = (each.strip() for each in head.split("|"))
        yield Form(name, tuple(kinds.split("/")), listed(recipients), listed(others), words)


def listed(words: str) -> tuple[str, ...]:
    return tuple(sorted(each.strip() for each in words.split(",") if each.strip()))


def travelled(words: str) -> bytes:
    """The mail as it goes over the wire: encoded words in the header, the text in the charset and encoding it names."""
    head, _, body = words.partition("\n\n")
    named = CHARSET.search(head)
    charset = named[1] if named else "utf-8"
    head = "\n".join(line if line.isascii() else in_words(line, charset) for line in head.split("\n"))
    raw = body.encode(charset)
    encoding = head.lower().partition("\ncontent-transfer-encoding: ")[2].partition("\n")[0]
    if encoding == "base64" and named:
        raw = base64.encodebytes(raw)
    elif encoding == "quoted-printable":
        raw = quopri.encodestring(raw)
    return f"{head}\n\n".encode() + raw


def in_words(line: str, charset: str) -> str:
    name, _, value = line.partition(": ")
    return f"{name}: {Header(value, charset, maxlinelen=70).encode(linesep=chr(10))}"


def called(notice: Notice) -> str:
    return notice.answer or WORDS.get(notice.kind, str(notice.kind))


def about(notice: Notice) -> tuple[str, ...]:
    """Whom it says that the mail failed, or where it only informs, whom it names."""
    refused = [each for each in notice.reports if each.action in (Action.FAILED, Action.DELAYED)]
    told = refused or notice.reports
    return tuple(sorted({each.address for each in told if each.address}))


#: Each file was written when the readers knew the ones before it, and nothing of it.
FORMS = [*forms("forms.txt"), *forms("forms_later.txt"), *forms("forms_last.txt"), *forms("forms_more.txt")]


@every("form", FORMS, ids=[form.name for form in FORMS])
def test_a_form_is_told_and_nobody_else_is_named(form: Form) -> None:
    notice, _ = read_notice(travelled(form.words))
    assert called(notice) in form.kinds
    assert about(notice) == form.recipients


def test_what_is_labelled_stands_in_the_mail() -> None:
    missing = [(form.name, who) for form in FORMS for who in form.others if who not in form.words]
    assert missing == []


def test_no_name_stands_twice() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)
