"""People of the org as the audience of a mailing: a campaign's members, or what a list view shows.

Who is opted out, asked not to be processed, or has no address is left out and told. Each row carries the record's id,
so that what they do is found again on the record that they were mailed as.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailwake.crm.reading import key_of
from mailwake.errors import BadInput
from mailwake.events import CampaignId, Micros
from mailwake.salesforce import soql
from mailwake.salesforce.ids import full_id
from mailwake.salesforce.records import Org
from mailwake.store.crm import CrmCampaign, CrmStore

_FIELDS = ("Id", "Email", "FirstName", "LastName", "Title", "OwnerId")
#: statuses that mean that a person answered
RESPONSES = ("Clicked", "Replied")
_CAMPAIGN, _CONTACT, _LEAD = "701", "003", "00Q"


@dataclass(kw_only=True)
class Audience:
    """Whom to mail."""

    #: rows of a mailing: email, first_name, last_name, title, salesforce_id
    rows: list[dict[str, str]] = field(default_factory=list)
    #: why others were left out, and how many
    left: dict[str, int] = field(default_factory=dict)

    def leave(self, why: str) -> None:
        """Count somebody who gets no mail."""
        self.left[why] = self.left.get(why, 0) + 1


def campaign_audience(org: Org, crm_id: str) -> Audience:
    """The members of a campaign of the org.

    Raises:
        BadInput: it is no id of a campaign, or there is none of it.
    """
    crm_id = full_id(crm_id)
    if not crm_id.startswith(_CAMPAIGN):
        raise BadInput(f"{crm_id} is no campaign; its id begins with {_CAMPAIGN}")
    if not list(org.query(soql.select(["Id"], "Campaign", f"Id = {soql.quoted(crm_id)}"))):
        raise BadInput(f"the org has no campaign {crm_id}, or hides it from us")
    members = list(
        org.query(soql.select(["ContactId", "LeadId"], "CampaignMember", f"CampaignId = {soql.quoted(crm_id)}"))
    )
    ids = [row["ContactId"] or row["LeadId"] for row in members]
    return _audience(org, [each for each in ids if each])


def view_audience(org: Org, of: str, view: str) -> Audience:
    """What a list view of contacts or leads shows.

    Raises:
        BadInput: there is no such view.
    """
    if of not in ("Contact", "Lead"):
        raise BadInput("a list view is one of Contact or Lead")
    found = list(
        org.query(
            soql.select(
                ["Id", "DeveloperName"], "ListView",
                f"SobjectType = {soql.quoted(of)} AND DeveloperName = {soql.quoted(view)}",
            )
        )
    )  # fmt: skip
    if not found:
        raise BadInput(f"the org has no list view {view!r} of {of}; name it as in its settings (API name)")
    told = org.wire.call("GET", f"sobjects/{of}/listviews/{found[0]['Id']}/describe").json()
    return _audience(org, [row["Id"] for row in org.query(str(told["query"]))])


def link(
    org: Org, store: CrmStore, campaign: CampaignId, crm_id: str, *, now: Micros, wanted: Sequence[str]
) -> list[str]:
    """One of our campaigns is one of the org's from now on; says which statuses had to be made there.

    Raises:
        BadInput: the org has no such campaign, or lacks statuses and does not let us make them.
    """
    crm_id = full_id(crm_id)
    if not list(org.query(soql.select(["Id"], "Campaign", f"Id = {soql.quoted(crm_id)}"))):
        raise BadInput(f"the org has no campaign {crm_id}, or hides it from us")
    made = _make_statuses(org, crm_id, wanted)
    store.put_campaign(CrmCampaign(campaign=campaign, crm_id=crm_id, created_at=now))
    return made


def _make_statuses(org: Org, crm_id: str, wanted: Sequence[str]) -> list[str]:
    """Members can only have statuses that their campaign has."""
    where = f"CampaignId = {soql.quoted(crm_id)}"
    rows = list(org.query(soql.select(["Label", "SortOrder"], "CampaignMemberStatus", where)))
    missing = [label for label in wanted if label not in {row["Label"] for row in rows}]
    if not missing:
        return []
    shape = org.shape("CampaignMemberStatus")
    words = f"the campaign has no member status {', '.join(missing)}"
    if shape is None or not shape.is_createable:
        raise BadInput(f"{words}; add them in Salesforce, or name others in salesforce.statuses")
    last = max((int(row["SortOrder"]) for row in rows), default=0)
    told = [
        {
            "CampaignId": crm_id,
            "Label": label,
            "SortOrder": last + place,
            "HasResponded": label in RESPONSES,
            "IsDefault": False,
        }
        for place, label in enumerate(missing, start=1)
    ]
    for label, result in zip(missing, org.create("CampaignMemberStatus", told), strict=True):
        if result.faults:
            raise BadInput(f"{words}, and {label} could not be made: {result.faults[0].message}")
    return missing


def _audience(org: Org, ids: Sequence[str]) -> Audience:
    told = Audience()
    seen: set[str] = set()
    for prefix, of in ((_CONTACT, "Contact"), (_LEAD, "Lead")):
        wanted = [each for each in ids if each.startswith(prefix)]
        for row in _people(org, of, wanted):
            _take(told, seen, row)
    return told


def _people(org: Org, of: str, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    shape = org.shape(of)
    known = shape.fields if shape else {}
    more = ["HasOptedOutOfEmail", *(["IsConverted"] if of == "Lead" else [])]
    fields = [name for name in (*_FIELDS, *more) if name in known]
    found = org.read(of, ids, fields)
    return (found[each] for each in ids if each in found)


def _take(told: Audience, seen: set[str], row: Mapping[str, Any]) -> None:
    key = key_of(row.get("Email"))
    if key is None:
        told.leave("no address, or none that is one")
    elif row.get("HasOptedOutOfEmail"):
        told.leave("opted out in Salesforce")
    elif row.get("IsConverted"):
        told.leave("a lead that was converted")
    elif key in seen:
        told.leave("an address that another record has too")
    else:
        seen.add(key)
        told.rows.append(
            {
                "email": str(row["Email"]),
                "first_name": str(row.get("FirstName") or ""),
                "last_name": str(row.get("LastName") or ""),
                "title": str(row.get("Title") or ""),
                "salesforce_id": str(row["Id"]),
            }
        )
