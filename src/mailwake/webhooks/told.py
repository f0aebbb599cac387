"""What one entry of a webhook says, in our words."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailwake.events import EventType, Micros

#: The ESP says that the address is dead, or that it is not, and no more; the words of the refusal decide within that.
#: As in `bounces.decide`.
HARD, SOFT = "reported_hard", "reported_soft"
#: Refused by the ESP itself, because its own list has the address.
LISTED = "esp_suppressed"
#: The list has it because the recipient complained, or unsubscribed.
COMPLAINT, UNSUBSCRIBE = "complaint", "unsubscribe"
AUTO_REPLY = "auto_reply"
#: Feedback that is a complaint. Source: RFC 5965 section 7.3; bounces.md calls `auth-failure` and `not-spam` none.
NO_COMPLAINT = ("auth-failure", "not-spam")


@dataclass(frozen=True, kw_only=True)
class Told:
    """One event as the ESP tells it. Empty and None: it does not say."""

    type: EventType
    #: the ESP's own word, for counts and for what has no word of ours
    name: str
    at: Micros | None = None
    #: the ESP's own id of the event, or what else stays the same over retries
    id: str = ""
    address: str = field(default="", repr=False)
    #: the ESP's id of the message
    message_id: str = ""
    #: a category of `bounces/rules.toml`, or one of the words above; None: only the words of the refusal tell
    category: str | None = None
    #: enhanced status code, as 5.1.1
    status: str = ""
    #: SMTP reply code
    smtp: str = ""
    #: raw words of the other server
    diagnostic: str = field(default="", repr=False)
    #: nobody will try again
    is_final: bool = True
    ip: str = field(default="", repr=False)
    user_agent: str = field(default="", repr=False)
    #: the link that was followed
    url: str = field(default="", repr=False)
    #: metadata, tags and headers, in which a token of ours may stand
    haystack: str = field(default="", repr=False)
    #: kind of a complaint
    feedback_type: str = ""

    @property
    def words(self) -> str:
        """Reply code, status and words of the refusal, each once."""
        codes = [code for code in (self.smtp, self.status) if code and code not in self.diagnostic]
        return " ".join([*codes, self.diagnostic]).strip()
