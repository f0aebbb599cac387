"""Twelve letters such as firms send, each with something that filters look at, and mail of the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from tests.compose.conftest import corpus, make_copy

from mailwake.compose.message import instrument
from mailwake.compose.options import ComposeOptions
from mailwake.modes import INDIVIDUAL, Mode, Modes

SENDER = "shop.example.com"
#: how a letter is marked, by name: what may be recorded, and the options
MARKS: dict[str, tuple[Modes, ComposeOptions]] = {
    "clicks alone": (Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL), ComposeOptions()),
    "aggregate": (Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE), ComposeOptions()),
    "individual": (INDIVIDUAL, ComposeOptions()),
    "no pixel below 3,200 bytes": (INDIVIDUAL, ComposeOptions(pixel_min_bytes=3_200)),
    "the pixel as a background": (INDIVIDUAL, ComposeOptions(background_pixel=True)),
    "with decoys": (INDIVIDUAL, ComposeOptions(decoys=True)),
}

#: Mail is signed after our marks are in it; filters that ask nobody see only that there is a signature.
SIGNED = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.example.com; s=x; h=from:to; bh=AA==; b=AA==\r\n"
)
#: every so many messages of the corpus, so that a run takes minutes
EVERY = 5

_TEXT = (
    "Dear Ann, here is what is new this month. Our workshop in the old town has moved to the first floor, where "
    "there is more light and room for two more looms. The blankets that you asked about are ready, and so are the "
    "scarves in grey and green. We open from ten to six on weekdays and until two on Saturdays. Come by when you are "
    "near; there is tea. "
)
_OTHER_SCRIPT = "Приходите к нам в мастерскую, есть новые шарфы. "
_FOOT = (
    '<p>You get this letter because you asked for it in our shop. <a href="mailwake:unsubscribe">Unsubscribe</a> · '
    '<a href="https://shop.example.com/imprint">Imprint</a></p>'
)


@dataclass(frozen=True)
class Letter:
    """A message and whom its marks are to be made for."""

    name: str
    message: bytes
    sender: str = SENDER

    def marked(self, mark: str) -> bytes:
        """Its tracked copy, on a tracking host below the sender's domain as the documentation asks for."""
        modes, options = MARKS[mark]
        return SIGNED + instrument(self.message, make_copy(f"t.{self.sender}", modes=modes), options).message

    def unmarked(self) -> bytes:
        """The message as it were sent without us."""
        return SIGNED + self.message

    def without_our_pages(self) -> Letter:
        """The same with a page of the sender's own where ours would be linked, as it were sent without us."""
        own = b"https://shop.example.com/unsubscribe"
        return replace(self, message=self.message.replace(b"mailwake:unsubscribe", own))


def _letter(
    name: str, body: str, *, subject: str = "News from the workshop", with_text: bool = True, **more: str
) -> Letter:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Workshop <news@{SENDER}>"
    message["To"] = "Ann Example <ann@example.org>"
    message["Subject"] = subject
    message["Date"] = "Thu, 26 Nov 2026 10:00:00 +0000"
    message["Message-ID"] = f"<{name.replace(' ', '-')}.2026112610@{SENDER}>"
    for header, value in more.items():
        message[header.replace("_", "-")] = value
    page = f"<!DOCTYPE html><html><head><title>{subject}</title></head><body>{body}</body></html>"
    if with_text:
        message.set_content(_TEXT)
        message.add_alternative(page, subtype="html")
        message.set_boundary("=-boundary-of-a-letter-=")
    else:
        message.set_content(page, subtype="html")
    return Letter(name, message.as_bytes())


def own() -> list[Letter]:
    """The twelve."""
    site, more = f"https://{SENDER}", f'<a href="https://{SENDER}/new">what is new</a>'
    image = f'<img src="{site}/a.png" width="600" height="300" alt="Looms">'
    style = 'style="color:#ffffff"'
    button = f'<table><tr><td bgcolor="#336699"><a href="{site}/order" {style}>Order now</a></td></tr></table>'
    items = [f'<p>{_TEXT} <a href="{site}/item/{number}?utm_source=news">Item {number}</a></p>' for number in range(30)]
    linked = f'<p>{_TEXT}</p><a href="{site}/a">{image}</a>'
    bought = "<table><tr><td>1 scarf</td><td>EUR 40.00</td></tr></table>"
    reset = f'<p>Somebody asked for a new password.</p><a href="{site}/reset?token=3f9a">Set it</a>'
    script = f'<p>{_OTHER_SCRIPT * 8}<a href="{site}/ru">Новости</a></p>'
    hidden = '<div style="display:none">Looms and tea</div>'
    return [
        _letter("plain letter", f"<p>{_TEXT}{more}</p>{_FOOT}"),
        _letter("page without text part", f"<p>{_TEXT}{more}</p>{_FOOT}", with_text=False),
        _letter("two lines", f"<p>Hello, see {more}.</p>"),
        _letter("receipt", f"<p>{_TEXT}</p>{bought}", subject="Your receipt 4711"),
        _letter("password", reset, subject="Your new password"),
        _letter("one picture that is a link", f'<a href="{site}/sale">{image}</a>{_FOOT}'),
        _letter("pictures and text", f"{linked * 2}{_FOOT}"),
        _letter("text that is an address", f'<p>{_TEXT}<a href="{site}/new">{site}/new</a></p>{_FOOT}'),
        _letter("hidden first line", f"{hidden}<p>{_TEXT}</p>{button}{_FOOT}"),
        _letter("thirty links", f"{''.join(items)}{_FOOT}"),
        _letter("other script", script, subject="Новости мастерской"),
        _letter("own header", f"<p>{_TEXT}{more}</p>{button}{_FOOT}", List_Unsubscribe=f"<{site}/unsubscribe?id=1>"),
    ]


def all_of_the_corpus() -> Iterator[Letter]:
    """Real messages in which something is tracked; those that pass untouched cost nothing by themselves."""
    for name, raw in sorted(corpus("eml").items()):
        sender = parseaddr(_from(raw))[1].rpartition("@")[2].lower()
        letter = Letter(name, raw, sender if sender.isascii() and sender.count(".") else SENDER)
        if letter.marked("individual") != letter.unmarked():
            yield letter


def of_the_corpus() -> list[Letter]:
    """A sample of it."""
    return list(all_of_the_corpus())[::EVERY]


def _from(raw: bytes) -> str:
    lines = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n")
    found = next((line for line in lines if line.lower().startswith(b"from:")), b"")
    return found[5:].decode("ascii", "ignore")
