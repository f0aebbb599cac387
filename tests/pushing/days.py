"""Readers of whom an org is to be told, and what is asked of it afterwards."""

from __future__ import annotations

from typing import Any

from tests.crm.house import DAY
from tests.pushing.orgs import Place

SUMS = "Engagement_Status__c"


def crowd(place: Place, count: int = 3) -> list[str]:
    """Contacts who were each sent a copy and clicked in it; their ids."""
    ids = []
    for number in range(count):
        address = f"reader{number}@example.com"
        ids.append(place.add("Contact", LastName=f"Reader {number}", Email=address))
        place.house.happened(address, "sent", ago=3 * DAY, delivery=number + 1)
        place.house.happened(address, "clicked", ago=2 * DAY, delivery=number + 1)
    return ids


def sync(place: Place) -> Any:
    place.desk.look()
    place.desk.follow()
    return place.desk.push()


def sign_ins(place: Place) -> int:
    return sum("oauth2/token" in each["target"] for each in place.ask("requests"))


def rows(place: Place) -> int:
    return len(list(place.org.query("SELECT Id FROM Email_Engagement__c")))
