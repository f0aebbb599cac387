"""What is written to which object, in the org's names, and how values of ours look there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

#: sums on Contact and Lead; on a person account each has the ending __pc
SUMS = (
    "Engagement_Score__c", "Engagement_Band__c", "Engagement_Momentum__c", "Engagement_Reasons__c",
    "Last_Human_Click__c", "Last_Human_Open__c", "Last_Email_Sent__c", "Last_Reply__c", "Human_Clicks_30d__c",
    "Human_Opens_30d__c", "Emails_Sent_30d__c", "Last_Clicked_Link__c", "Engagement_Status__c",
    "Engagement_Shared_Email__c", "Engagement_Person_Key__c",
)  # fmt: skip
#: of a score; changes with the time alone
SCORE = ("Engagement_Score__c", "Engagement_Band__c", "Engagement_Momentum__c", "Engagement_Reasons__c")
#: added when a row is sent, so that they are no change by themselves
STAMPS = ("Engagement_Updated__c", "Engagement_Seq__c")
OPT_OUT_SOURCE = "Opt_Out_Source__c"
#: wishes about mail, by object: opted out, why its mail came back, and when
CONSENT = {
    "Contact": ("HasOptedOutOfEmail", "EmailBouncedReason", "EmailBouncedDate"),
    "Lead": ("HasOptedOutOfEmail", "EmailBouncedReason", "EmailBouncedDate"),
    "Account": ("PersonHasOptedOutOfEmail", "PersonEmailBouncedReason", "PersonEmailBouncedDate"),
}
ROW, ROW_KEY = "Email_Engagement__c", "Message_Key__c"
#: fields of a row of one copy
ROW_FIELDS = (
    "Contact__c", "Lead__c", "Campaign__c", "Subject__c", "Message_Name__c", "Sent_At__c", "Delivered_At__c",
    "First_Human_Open__c", "Last_Human_Open__c", "Human_Open_Count__c", "Machine_Open_Count__c", "First_Human_Click__c",
    "Last_Human_Click__c", "Human_Click_Count__c", "Machine_Click_Count__c", "Bounce_Type__c", "Bounce_Reason__c",
    "Unsubscribed_At__c", "Complained_At__c", "Device__c", "Country__c", "Confidence__c", "Seq__c",
)  # fmt: skip
MEMBER, MEMBER_KEY = "CampaignMember", "Engagement_Key__c"
TASK, TASK_KEY = "Task", "Engagement_Task_Key__c"
#: published for flows of the org; whoever hears of one twice knows it by its key
HOT_SIGNAL, HOT_SIGNAL_KEY = "Email_Hot_Signal__e", "Event_Key__c"
#: what the number of a wish is written into, so that an older one never overwrites a newer one unseen
NUMBER_OF = {
    "Contact": "Engagement_Seq__c",
    "Lead": "Engagement_Seq__c",
    "Account": "Engagement_Seq__pc",
    ROW: "Seq__c",
}
#: what the org keeps of people's wishes: for everything, and for one purpose and way to reach them
INDIVIDUAL, CONSENT_OF_POINT = "Individual", "ContactPointTypeConsent"
#: fields of these that we write, and never take back by ourselves
OBJECTIONS = {
    INDIVIDUAL: ("HasOptedOutTracking", "HasOptedOutProfiling"),
    CONSENT_OF_POINT: ("PrivacyConsentStatus", "CaptureDate", "CaptureSource"),
}
PEOPLE = ("Contact", "Lead", "Account")


def named(field: str, kind: str) -> str:
    """A field of ours as an object has it."""
    return field.removesuffix("__c") + "__pc" if kind == "Account" and field.endswith("__c") else field


def ours(kind: str) -> tuple[str, ...]:
    """The fields of people that we write, of one object; they are read too, to know what stood there before."""
    own = (*SUMS, *STAMPS, OPT_OUT_SOURCE)
    return (*(named(field, kind) for field in own), *CONSENT[kind])


def when(micros: int | None) -> str | None:
    """A time as the org gives it back: whole seconds, UTC."""
    if micros is None:
        return None
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def cut(text: str, length: int) -> str:
    """A text that fits, without what is no letter to a reader."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def same(ours_: object, theirs: object) -> bool:
    """Whether a value of ours is the one that the org holds; it gives 12 back as 12.0, and an empty text as null."""
    if isinstance(ours_, bool) or isinstance(theirs, bool):
        return bool(ours_) is bool(theirs)
    if isinstance(ours_, int | float) and isinstance(theirs, int | float):
        return float(ours_) == float(theirs)
    return (None if ours_ == "" else ours_) == (None if theirs == "" else theirs)


def differing(fields: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Those fields that the org does not hold as they are wished."""
    return {name: value for name, value in fields.items() if name not in held or not same(value, held[name])}
