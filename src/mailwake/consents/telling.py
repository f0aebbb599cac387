"""What programs send about consent, in our words and in those of Brevo and MailPoet; unchecked.

Source: https://developers.brevo.com/changelog/2026/7/21, https://github.com/mailpoet/mailpoet/pull/6986
"""

from __future__ import annotations

import msgspec

from mailwake.consents.files import said_in
from mailwake.consents.statements import Statement
from mailwake.errors import BadInput


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program says that somebody said."""

    email: str = ""
    #: granted, denied, withdrawn, exempt_hygiene
    state: str = ""
    #: Brevo's word for granted and denied of opens and clicks
    contactPixelTrackingConsent: bool | None = None  # noqa: N815 - their word
    #: MailPoet's: granted, denied or unknown
    tracking_consent: str = ""
    axis: str = ""
    #: ISO 8601
    at: str = ""
    method: str = ""
    #: number or SHA-256
    text: str | int = ""
    locale: str = ""
    url: str = ""
    proof: str = ""
    by: str = ""

    def statement(self, address: str, number: int = 0) -> Statement:
        """The same as the ledger weighs it.

        Raises:
            BadInput: it says nothing, or two things.
        """
        yes_or_no = {None: "", True: "granted", False: "denied"}[self.contactPixelTrackingConsent]
        said = {word for word in (self.state, self.tracking_consent, yes_or_no) if word}
        if len(said) != 1:
            raise BadInput("say one of state, contactPixelTrackingConsent or tracking_consent")
        return Statement(
            address=address,
            state=said_in(said.pop()),
            axis=self.axis,
            at=self.at,
            method=self.method,
            text=str(self.text),
            locale=self.locale,
            url=self.url,
            proof=self.proof,
            number=number,
        )


class Contacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program says of many."""

    contacts: list[Told]
