"""Two experiments on subjects: one that is decided, one that runs. The crowd reads no subjects: neither is better."""

from __future__ import annotations

import csv
import http.client
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

import msgspec

from mailwake.cli.demo.house import House
from mailwake.cli.demo.past_trials import QUESTION
from mailwake.cli.demo.runs import run, send_until_done
from mailwake.cli.report.asking import ask
from mailwake.errors import Unavailable
from mailwake.simulate.clients import MAILS
from mailwake.simulate.people import Person

INVITATION = "Workshop invitation"
INVITATION_SENDER = "workshop@larkspur.example"
DECIDED, RUNNING = "Name in the subject", "Question in the subject"
#: name, its two subjects, and what the second has and the first has not
_EXPERIMENTS = (
    (DECIDED, ("Sharpen your tools with us", "{{first_name}}, sharpen your tools with us"), "name in the subject"),
    (RUNNING, ("Your pruning saw can be sharper", "How sharp is your pruning saw?"), QUESTION),
)
_TIMEOUT_SECONDS = 30.0


def send_experiments(house: House, people: Sequence[Person]) -> None:
    """Each on its half of the people, one after the other: they are of one campaign.

    Raises:
        Unavailable: one cannot be made or sent.
    """
    half = (len(people) + 1) // 2
    for number, (name, subjects, about) in enumerate(_EXPERIMENTS):
        listed = house.folder / f"invited-{number + 1}.csv"
        with listed.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("email", "first_name"))
            rows.writerows((each.address, each.given) for each in people[number * half :][:half])
        told = [word for subject in subjects for word in ("--subject", subject)]
        told += ["--metric", "opens", "--baseline", "25", "--about", about, "--campaign", INVITATION, "--by", "demo"]
        done = run("experiment", "create", name, str(MAILS / "invitation.html"), *told, config=house.config)
        if done.returncode:
            raise Unavailable(f"the experiment {name!r} could not be made: {done.stderr.decode().strip()}")
        send_until_done("experiment", "send", name, str(listed), config=house.config)


def decide_one(dashboard_url: str) -> None:
    """Decide the first by hand for whichever leads, through the door that programs have.

    Raises:
        Unavailable: the dashboard does not take it.
    """
    told = ask(dashboard_url, f"/api/experiments/{quote(DECIDED)}")
    leader = (msgspec.json.decode(told) if told else {}).get("leader") or "A"
    connection = http.client.HTTPConnection(urlsplit(dashboard_url).netloc, timeout=_TIMEOUT_SECONDS)
    body = msgspec.json.encode({"variant": leader, "why": "the room was booked, the rest had to go out", "by": "demo"})
    headers = {"Origin": dashboard_url, "Content-Type": "application/json"}
    try:
        connection.request("POST", f"/api/experiments/{quote(DECIDED)}/decide", body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as fault:
        raise Unavailable(f"the dashboard does not answer: {fault}") from None
    finally:
        connection.close()
    if status != 200:
        raise Unavailable(f"the dashboard answers {status} to a decision")
