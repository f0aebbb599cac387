"""Mailwake shows what happened to the mail you sent.

The words, which every room may import: ``errors sections more_sections settings events modes profiles tokens hosts
copies language guesses forms reduced sheets files idn beside``.

The rooms, in the order an email lives::

    markup     mail and HTML as bytes, changed without touching the rest
    compose    HTML in, tracked HTML out
    clickmap   a mail as sent, made harmless, every link marked
    smtp       takes messages in and hands them to the next server, every byte as it is
    send       the SMTP relay, and tracked copies for programs
    merge      a letter and a list of people, mailed one by one
    hygiene    a list looked through before it is mailed; whom to pause
    inert      of whom nothing may be recorded any more
    detours    links whose readers are sent elsewhere than the mail says
    edge       pixel, click, unsubscribe, preferences
    eventlog   append, survive, replay
    notices    mail that came back or answers, read
    ingest     the ways in for bounces, complaints, replies
    webhooks   what ESPs report, verified, stored as it came, read
    goals      what a shop may say that somebody reached
    queues     the same by way of a queue
    accesslog  access logs of servers that gave out the pixel
    bounces    what a refusal means for the address
    origins    networks and programs of the world, by address and user agent
    pipeline   events become facts and states
    suppression  whose mail comes back, and what is done about it
    leaving    who left the list, and whether a machine did it for them
    consents   what people said about being watched, proved
    monitoring what the installation says of itself
    judge      evidence in, verdict out
    history    what was stored, judged again
    store      state and events, all the SQL
    oidc       log-in by a company's own provider of identities
    audit      who did what, written down so that nobody can change it unseen
    stats      pure mathematics
    trials     the mathematics of experiments
    weighing   the mathematics of scores
    sampling   the mathematics of what is seen in part
    insight    questions a marketer asks
    atlas      what machines do at each recipient domain, and will do to the next send
    deliverability  how mail fares at each mailbox provider, and since when worse
    postmaster what mailbox providers tell senders: DMARC reports, figures of Google and Microsoft
    comparing  campaigns at equal age, and why two differ
    earnings   what human clicks earned, and what a campaign added
    people     one recipient and one copy
    scoring    how far a person's own acts speak for calling them
    segments   the language that chooses people by what they did
    trails     the people behind a number, and on to Salesforce
    experiments  letters tried against each other: who gets which, what wins, what all of them taught
    exports    what leaves as files: tables, and packs that others can check
    visiting   where links lead: requests to URLs that somebody else wrote down
    spf        whether a domain lets an address send its mail
    signatures which DKIM signatures of a message hold
    looks      how a page of mail looks to a reader
    preflight  what is wrong with a message about to leave
    notifying  webhooks out: other programs are told what happens
    bulletins  reports that come by mail at a set hour
    salesforce an org over HTTP
    crm        what a Salesforce org is to hold of people, and what it says they want
    closings   records of an org that stand for a goal, told as conversions
    pushing    from the outbox to the org, and back
    native     what an org tracked by itself, beside what we know
    rules      what sets a rule off, for whom, and what keeps it back
    workflows  what rules decided is done, once, and taken back
    watchdog   links after delivery: do they still answer, and who sends their readers elsewhere
    drawing    what pages and tables are made of: numbers in words, shapes, lists, rows
    views      answers as text, tables and drawings
    boards      what stands, as people read it: addresses, domains, the installation
    apidoc     the API's description of itself
    printing   answers for a terminal and for spreadsheets
    access     who may see and change what: accounts, roles, sessions, keys
    serving    how colleagues reach the dashboard
    entrance   the pages of accounts
    framing    what every page stands in
    signposts  pages that lead to others: people to look for, settings, the viewer's time zone
    web        JSON API and dashboard
    rights     what one person may ask of us: what is known of them, and to be forgotten
    backup     all of an installation, copied while it runs, and put back
    disclosure a recipient's own page
    processing what is done with it, by the settings: the start of a record of processing
    retention  how long what is known of people is kept
    orgpackage what is added to a Salesforce org, and taken out again
    cli        one file per command
    simulate   the outside world, for demo and tests
    exchange   hits that others logged, as evidence
    worlds     streams of hits with their truth, to measure the judge by

`docs/architecture.md` says which may import which; `tests/test_architecture.py` keeps it true.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailwake.send.tracker import Tracker

__all__ = ["open"]


def open(path: Path | str = "mailwake.toml") -> Tracker:  # noqa: A001 - it reads as mailwake.open
    """The library's front door: a tracker that makes tracked copies of your messages.

    Args:
        path: the settings file, as `mailwake init` makes it.

    Raises:
        Misconfigured: the settings or the keys cannot be used.
        Unavailable: the state store cannot be opened.
    """
    from mailwake.send.tracker import Tracker
    from mailwake.settings import load

    return Tracker.open(load(path))
