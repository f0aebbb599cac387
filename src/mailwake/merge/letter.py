"""Each person's copy of an authored message: the page compiled once, everything else laid around it.

The MIME frame is made once by the standard library, with a mark where text and page go; per person there are five
header lines, the text, and the page in quoted-printable as compose renders it.

Source: RFC 5322 (headers), RFC 2046 section 5.1.4 (alternatives, plainest first), RFC 8058 (one-click unsubscribe).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from mailwake.compose.copy import Copy
from mailwake.compose.fields import FIELD, HeaderLine, value_of
from mailwake.compose.metadata import carried_header
from mailwake.compose.template import RecipientCopy, Template, template_id
from mailwake.errors import BadInput
from mailwake.events import DeliveryId, Handle
from mailwake.merge.people import Person
from mailwake.merge.run import Addressee
from mailwake.merge.source import Source
from mailwake.modes import OFF, Mode
from mailwake.send.addressed import Tracked
from mailwake.send.tracker import Tracker
from mailwake.store.state import Campaign, split_address

_TEXT, _PAGE = "MAILWAKE-TEXT-GOES-HERE", "MAILWAKE-PAGE-GOES-HERE"
_OWN_PAGES = {"unsubscribe_url", "preferences_url"}
_LINE_END = re.compile(r"\r\n|\r|\n")
#: Of a sample, what a person wants to see.
_DULL = ("content-", "mime-version")


class _Fields(dict[str, str]):
    """Merge fields, found whatever the case they are written in."""

    def __missing__(self, name: str) -> str:
        if name.lower() != name:
            return self[name.lower()]
        raise KeyError(name)


class Letter:
    """An authored message, ready for any number of people.

    Args:
        source: as authored.
        tracker: seals addresses and knows the installation.
        campaign: whose letter it is.
        columns: names of the merge fields that every person has.
        variant: of an experiment; letters that differ in it are two templates, be their HTML the same.

    Raises:
        BadInput: the message uses a field that is no column.
    """

    def __init__(
        self, source: Source, tracker: Tracker, campaign: Campaign, *, columns: Iterable[str], variant: str = ""
    ) -> None:
        self._source, self._tracker, self._campaign = source, tracker, campaign
        self._options = tracker.options(campaign)
        self._domain = split_address(source.sender_address)[1]
        self._host = host = tracker.hosts.of_sender(self._domain)
        self._page = Template(source.html, options=self._options, minter=host.minter, base_url=host.base_url)
        self.template = template_id(campaign.id, self._page.skeleton + variant.encode())
        linked = {name for link in self._page.links for name in FIELD.split(link.href)[1::2]}
        self._link_fields = tuple(sorted(linked - _OWN_PAGES))
        self._subject = HeaderLine(source.subject)
        text = source.text.replace("mailwake:unsubscribe", "{{unsubscribe_url}}")
        self._text = FIELD.split(text.replace("mailwake:preferences", "{{preferences_url}}"))
        self._frame = _frame(source)
        self._fixed = _fold("From", source.sender) + (_fold("Reply-To", source.reply_to) if source.reply_to else "")
        self._fixed += "".join(_fold(name, value) for name, value in source.headers)
        known = {column.lower() for column in columns}
        if missing := sorted(name for name in self.fields if name.lower() not in known):
            has = ", ".join(sorted(known))
            raise BadInput(f"the list has no column {', '.join(missing)}, which the message uses; it has {has}")

    @property
    def sender(self) -> str:
        """The envelope sender."""
        local, _, _ = self._source.sender_address.rpartition("@")
        return f"{local}@{self._domain}"

    @property
    def fields(self) -> frozenset[str]:
        """The names of all merge fields that page, text and subject use."""
        return (self._page.fields | {*self._subject.fields, *self._text[1::2]}) - _OWN_PAGES

    def fields_of(self, addressee: Addressee) -> frozenset[str]:
        """The names of the merge fields of a copy; the same of everybody's."""
        del addressee
        return self.fields

    def link_values(self, addressee: Addressee) -> tuple[str, ...]:
        """What the links of a copy are made of beside the page; copies with equal values lead to the same addresses."""
        return tuple(addressee.person.fields.get(name.lower(), "") for name in self._link_fields)

    def register(self) -> None:
        """Keep the page and its links, for reports."""
        self._tracker.put_template(
            self._campaign,
            self.template,
            subject=self._source.subject,
            html=self._source.html.encode(),
            links=self._page.links,
        )

    def copy(self, addressee: Addressee, delivery: DeliveryId) -> Tracked:
        """One person's copy.

        Raises:
            BadInput: a value cannot stand where the message has it.
        """
        copy = self._tracker.copy(addressee.modes, self.template, delivery, addressee.handle, host=self._host)
        local, domain = split_address(addressee.person.address)
        address = f"{local}@{domain}"
        return Tracked(
            address=address,
            message=self._render(addressee.person, address, copy),
            campaign=self._campaign.id,
            template=self.template,
            delivery=delivery,
            recipient=addressee.handle,
            modes=addressee.modes,
            has_end=self._page.has_end and addressee.modes.opens > Mode.OFF,
            return_path=self._tracker.return_path(
                addressee.modes, self.template, delivery, addressee.handle, host=self._host
            ),
        )

    def sample(self, person: Person) -> str:
        """What one person would see without HTML: the header, and the text."""
        addressee = Addressee(person=person, handle=Handle(1), modes=self._tracker.settings.ceiling)
        message = message_from_bytes(self.copy(addressee, DeliveryId(1)).message, policy=policy.default)
        header = [f"{name}: {value}" for name, value in message.items() if not name.lower().startswith(_DULL)]
        body = message.get_body(("plain",))
        return "\n".join([*header, "", body.get_content() if body is not None else ""])

    def _render(self, person: Person, address: str, copy: Copy) -> bytes:
        fields = _Fields(person.fields)
        before, between, after = self._frame
        return b"".join(
            (
                self._header(fields, address, copy).encode("utf-8"),
                before,
                _quoted_printable(self._plain(fields, copy)),
                between,
                self._page.render_quoted_printable(RecipientCopy(token=copy.token, fields=fields)),
                after,
            )
        )

    def _header(self, fields: Mapping[str, str], address: str, copy: Copy) -> str:
        moment = datetime.fromtimestamp(self._tracker.clock() // 1_000_000, tz=UTC)
        lines = [
            self._fixed,
            _to(fields.get("name", ""), address),
            _fold("Subject", self._subject.render(fields)),
            f"Date: {format_datetime(moment)}\r\n",
            f"Message-ID: <{copy.token.delivery:016x}@{self._domain}>\r\n",
            *self._listed(copy),
            "X-Mailwake: untouched; off\r\n" if copy.token.modes == OFF else "X-Mailwake: tracked\r\n",
        ]
        return "".join(lines)

    def _listed(self, copy: Copy) -> list[str]:
        """The headers of bulk mail that the author did not write."""
        options, own = self._options, {name.lower() for name, _ in self._source.headers}
        lines = []
        if options.list_unsubscribe and "list-unsubscribe" not in own:
            mailto = f", <mailto:{options.unsubscribe_mailto}>" if options.unsubscribe_mailto else ""
            lines.append(f"List-Unsubscribe: <{copy.unsubscribe_header_url()}>{mailto}\r\n")
            lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
        if options.list_id and "list-id" not in own:
            lines.append(f"List-Id: {options.list_id}\r\n")
        if options.feedback_id and "feedback-id" not in own:
            lines.append(f"Feedback-ID: {options.feedback_id}\r\n")
        lines.append(carried_header(options.esp, copy, own))
        return lines

    def _plain(self, fields: Mapping[str, str], copy: Copy) -> str:
        parts = self._text[:]
        for index in range(1, len(parts), 2):
            name = parts[index]
            if name == "unsubscribe_url":
                parts[index] = copy.unsubscribe_url()
            elif name == "preferences_url":
                parts[index] = copy.preferences_url()
            else:
                parts[index] = value_of(fields, name)
        return "".join(parts)


def _frame(source: Source) -> tuple[bytes, bytes, bytes]:
    """The message before the text, between text and page, and after the page."""
    message = EmailMessage(policy=policy.SMTP)
    message.set_content(_TEXT, cte="quoted-printable")
    message.add_alternative(_PAGE, subtype="html", cte="quoted-printable")
    (page,) = (part for part in message.iter_parts() if part.get_content_type() == "text/html")
    for part, where in source.parts:
        if where == "related":
            if page.get_content_maintype() != "multipart":
                page.make_related()
            page.attach(part)
        elif where == "alternative":
            message.attach(part)
    if attachments := [part for part, where in source.parts if where == "mixed"]:
        message.make_mixed()
        for part in attachments:
            message.attach(part)
    for inner in page.walk():
        del inner["MIME-Version"]  # belongs to the message alone (RFC 2045 section 4)
    before, _, rest = message.as_bytes().partition(f"{_TEXT}\r\n".encode())
    between, _, after = rest.partition(f"{_PAGE}\r\n".encode())
    return before, between, b"\r\n" + after


def _fold(name: str, value: str) -> str:
    folded: str = policy.SMTP.header_factory(name, value).fold(policy=policy.SMTP)
    return folded


def _to(name: str, address: str) -> str:
    if not address.isascii():  # needs SMTPUTF8 on the way, and then the header may say it too (RFC 6532)
        return f"To: {address}\r\n"
    try:
        return _fold("To", str(Address(display_name=name, addr_spec=address)) if name else address)
    except ValueError:
        raise BadInput("name or address has a line end in it, which no header can hold; take it out") from None


def _quoted_printable(text: str) -> bytes:
    lines = _LINE_END.sub("\r\n", text if text.endswith("\n") else text + "\n")
    return binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)
