"""`mailwake experiment send`: mails the tested, and once there is a winner whoever waited for it.

It is the run of `mailwake send`: a log of its own says who has the mail, so it goes on where it ended, and nobody is
mailed twice. The list is kept in the data folder while somebody on it waits, so that the installation can mail the
winner by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailwake.cli.options import ConfigOption, ExaminedOption, ForceOption, PreflightOption
from mailwake.cli.preflight.gate import Gate
from mailwake.cli.send import Job, pace_of, tell
from mailwake.errors import BadInput
from mailwake.experiments.design import find
from mailwake.experiments.lists import forget_list, list_of
from mailwake.experiments.mailing import Mailing
from mailwake.send.tracker import Tracker
from mailwake.settings import DEFAULT_FILE, load


def send(  # noqa: PLR0913 - one parameter per option
    name: Annotated[str, typer.Argument(help="Name of an experiment.")],
    people: Annotated[
        Path | None, typer.Argument(help="A CSV with a column email; without it, the list of the last time.")
    ] = None,
    *,
    rate: Annotated[str, typer.Option(help="At most so many, such as 10/s or 600/min; else as the first time.")] = "",
    connections: Annotated[int, typer.Option(help="Connections to the server; 0: as [smtp] connections says.")] = 0,
    retry_doubtful: Annotated[
        bool, typer.Option("--retry-doubtful", help="Mail those again who may have the message already.")
    ] = False,
    preflight: PreflightOption = False,
    examined: ExaminedOption = None,
    force: ForceOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Mail everybody who is tested their letter; once it is decided, the winner to the rest.

    Killed or cut off, it goes on where it ended when it is run again; nobody is mailed twice or changes the variant.

    Example: mailwake experiment send Subjects people.csv
    """
    settings = load(config)
    tracker = Tracker.open(settings)
    try:
        found = find(tracker.state, name)
        mailing = Mailing(
            tracker=tracker, experiment=found, listed=list_of(found, people, settings.data_folder), rate=pace_of(rate)
        )
        campaign = tracker.state.find_campaign(found.campaign)
        if campaign is None:
            raise BadInput(f"the campaign of experiment {name!r} is gone; restore the state store from a backup")
        job = Job(
            settings=settings,
            tracker=tracker,
            listed=mailing.listed,
            name=campaign.name,
            stream=campaign.stream,
            write=mailing.write,
            is_due=mailing.is_due,
            holdout=0.0,
            rate=mailing.pace,
            connections=connections or settings.smtp.connections,
            attributes=(),
            retry_doubtful=retry_doubtful,
            back_off=(1.0, 5.0, 30.0),
            gate=Gate.of(settings, wanted=preflight, force=force, examined=examined),
        )
        result = job.run()
    finally:
        tracker.state.close()
    if not (mailing.are_some_waiting or result["deferred"] or result["waiting"]):
        forget_list(settings.data_folder, found)
    tell(result, as_json=as_json)
    if not as_json and mailing.are_some_waiting:
        print("the rest of the list waits for the winner")
