"""The Consent API: what all records of an address together allow; the least permissive wins.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-consent.html
and, for what stands behind each action,
https://developer.salesforce.com/docs/atlas.en-us.264.0.api_rest.meta/api_rest/resources_multiaction_consent.htm
"""

from __future__ import annotations

from typing import Any

from .calls import Answer, Call, route
from .ids import long_id
from .org import Org
from .refusals import NotEmulated, Refused
from .tables import Record

#: Action, the flag of an Individual that forbids it.
_FLAGS = {
    "track": "HasOptedOutTracking", "geotrack": "HasOptedOutGeoTracking", "process": "HasOptedOutProcessing",
    "profile": "HasOptedOutProfiling", "solicit": "HasOptedOutSolicit",
}  # fmt: skip
#: Actions that are allowed when the flag is set, not when it is missing.
_POSITIVE = {
    "shouldForget": "ShouldForget",
    "storePiiElsewhere": "CanStorePiiElsewhere",
    "portability": "SendIndividualData",
}


def _multiaction(call: Call) -> Answer:
    actions = [each.strip() for each in call.params.get("actions", "").split(",") if each.strip()]
    return _answer(call, actions)


def _single(call: Call) -> Answer:
    return _answer(call, [call.groups[0]])


def _answer(call: Call, actions: list[str]) -> Answer:
    for each in actions:
        if each not in ("email", *_FLAGS, *_POSITIVE):
            raise NotEmulated(f"consent action {each}")
    ids = [each for each in call.params.get("ids", "").split(",") if each]
    if not ids or not actions:
        raise Refused("MISSING_ARGUMENT", "ids and actions are needed")
    return Answer(body={each: _of(call.org, each, actions) for each in ids})


def _of(org: Org, asked: str, actions: list[str]) -> dict[str, Any]:
    """What is known of one id or address, action by action."""
    records = _matching(org, asked)
    if not records:
        return {"result": "Not Found", "explanation": [f"No records found for {asked}"]}
    individuals = [found for each in records if (found := org.record(each.get("IndividualId")))]
    told: dict[str, Any] = {"result": "Success"}
    for action in actions:
        told[action] = _allowed(org, action, records, individuals)
    told["explanation"] = [each["Id"] for each in (*records, *individuals)]
    return told


def _allowed(org: Org, action: str, records: list[Record], individuals: list[Record]) -> str:
    if action in _POSITIVE:
        return "Proceed" if any(each[_POSITIVE[action]] for each in individuals) else "Do Not Proceed"
    if action in _FLAGS:
        return "Do Not Proceed" if any(each[_FLAGS[action]] for each in individuals) else "Proceed"
    opted_out = any(each.get("HasOptedOutOfEmail") for each in records)
    forbidden = any(each["HasOptedOutProcessing"] or each["ShouldForget"] for each in individuals)
    withdrawn = any(_withdrawn(org, each["Id"]) for each in individuals)
    return "Do Not Proceed" if opted_out or forbidden or withdrawn else "Proceed"


def _withdrawn(org: Org, individual: str) -> bool:
    sobject = org.sobject("ContactPointTypeConsent")
    party = sobject.field("PartyId")
    table = org.store.table(sobject)
    rows = [table.records[each] for each in table.found(party, individual)] if party else []
    return any(row["ContactPointType"] == "Email" and row.get("PrivacyConsentStatus") == "OptOut" for row in rows)


def _matching(org: Org, asked: str) -> list[Record]:
    """The record, and all that share its address; converted leads say nothing."""
    one = org.record(long_id(asked))
    address = one.get("Email") if one else asked
    found = {one["Id"]: one} if one and not one["IsDeleted"] else {}
    for name in ("Contact", "Lead"):
        sobject = org.sobject(name)
        field, table = sobject.field("Email"), org.store.table(sobject)
        if field and address:
            found |= {each: table.records[each] for each in table.found(field, address)}
    return [each for each in found.values() if not each.get("IsConverted")]


ROUTES = [
    route("GET", "/consent/multiaction", _multiaction, "actions", "ids"),
    route("GET", "/consent/action/{}", _single, "ids"),
]
