"""More sections of the settings file: what is made of engagement, what people and colleagues may, what mail meets."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    """``[postmaster]``: what mailbox providers tell of your mail (docs/explain/postmaster.md)."""

    #: addresses and networks of your own mail servers, such as ["192.0.2.0/28"], so that DMARC reports tell them from
    #: others that send in your name
    own_networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SalesforceGoal:
    """``[salesforce_goals.NAME]``: which records of the org reach a goal of that name (docs/explain/conversions.md)."""

    #: API name of the object
    object: str = "Opportunity"
    #: fields and what has to stand in each, such as {IsWon = true} or {StageName = ["Closed Won", "Signed"]}; empty: a
    #: record counts as soon as it is there
    where: dict[str, str | bool | tuple[str, ...]] = field(default_factory=dict)
    #: field with what it is worth; empty: Amount of opportunities; of others, as the goal itself says
    amount: str = ""
    #: field with the day or the time; empty: without `where` CreatedDate, else CloseDate of opportunities and
    #: ConvertedDate of leads; of others, when the record last changed before it was read
    date: str = ""
    #: what leads to the person: "roles" for the primary contact role, a field with the id of a contact, a lead or a
    #: person account, a field with an address, or Id; empty: roles of opportunities, Id of people
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class Workflows:
    """``[workflows]``: rules that do something when a person did (docs/howto/workflows.md)."""

    #: folder of the rules, one TOML file each; relative to this file; without it there are no rules
    folder: str = "workflows"
    #: False: no rule does anything, whatever its own switch says
    enabled: bool = True
    #: id of the user of the org who acts where a record's owner is inactive or a queue; empty: nobody does
    fallback_owner: str = ""
    #: fields of people that rules may set, such as Contact.Rating__c; wishes about mail only towards less
    fields: tuple[str, ...] = ()
    #: hours in which nobody is bothered, where the owner is; what falls into them waits for their end; empty: none
    quiet: str = "20:00-08:00"
    #: all rules together act for one person so often a day
    person_per_day: int = 2
    #: tasks of their own that one owner gets a day; the rest stand in one task together
    owner_per_day: int = 15
    #: all rules together act so often a day
    per_day: int = 500


@dataclass(frozen=True, kw_only=True)
class Watchdog:
    """``[watchdog]``: whether the links of mail that was sent still lead somewhere (docs/explain/links.md)."""

    #: targets of mail of the last so many days are visited; 0: none is
    days: int = 30
    #: mail of these streams alone; links of others are often one person's own
    streams: tuple[str, ...] = ("marketing",)
    #: visits in a row that must fail before there is an alarm
    failures: int = 3
    #: from the first of them to the last at least so long
    minutes: float = 30.0
    #: where whoever runs the visited server can ask, such as https://example.com/about-our-mail; empty: nowhere
    contact: str = ""
    #: visit addresses within your own network; else only public ones are
    allow_private: bool = False


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """``[scoring]``: the numbers that say whom to call first."""

    #: a file of your own with the points, made from models/points-1.toml of the package; empty: that one
    model: str = ""
    #: a file of your own with drafts of what to write, made from follow_ups.toml; empty: that one
    follow_ups: str = ""


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """``[privacy]``: what becomes of what is known of people, and what they may ask (docs/explain/erasure.md)."""

    #: of earlier opens and clicks when somebody withdraws: stop leaves them, anonymise cuts them off the person so that
    #: campaigns keep their totals, erase removes them
    on_withdrawal: str = "anonymise"
    #: rows about one recipient's copy, from the day it was sent; a campaign's totals stay. 400 days are 13 months; no
    #: less than tracking.record_days
    individual_days: int = 400
    #: the day of a last open (mode deliverability) that no later open has overwritten
    deliverability_days: int = 730
    #: records that could not be read, which may hold requests as they came
    set_aside_days: int = 30
    #: mail that came back or was answered and that nobody but a person can make use of, attachments and all (`unread`)
    unread_days: int = 30
    #: remove what is too old every night; False: only `mailwake privacy retention --apply` does
    nightly: bool = True
    #: file beside the data that says who was erased or withdrew, so that no restored backup brings them back; relative
    #: to this file; copy it elsewhere, apart from backups
    ledger: str = "forgotten.log"
    #: listener of the page on which recipients see what is known of them, behind a proxy that does TLS
    host: str = "127.0.0.1"
    port: int = 8029
    #: where recipients reach it, such as https://privacy.example.com; empty: there is no such page
    page_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Hygiene:
    """``[hygiene]``: what is known of addresses before they are mailed (docs/explain/hygiene.md)."""

    #: a file of your own with domains whose mailboxes last minutes, one a line, beside the short list; empty: none
    disposable: str = ""


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """``[preflight]``: what is looked at before a message leaves."""

    #: links to addresses that are not of the open internet are followed too; for trials on a private network
    allow_private: bool = False
    #: before `mailwake send`: off; show says what is found without asking the network; stop asks it too, and mails
    #: nobody where there is a problem, unless --force is given
    gate: str = "show"
    #: the address that recipients' servers see, for SPF; empty: not known
    sending_address: str = ""


@dataclass(frozen=True, kw_only=True)
class Oidc:
    """``[oidc]``: log-in by your company's provider of identities, OpenID Connect (docs/howto/login-by-provider.md)."""

    #: who it is, to the letter, such as https://login.example.com/realms/acme; empty: there is none
    issuer: str = ""
    #: what it calls this installation
    client_id: str = ""
    #: reference to the secret it gave; empty: none, PKCE alone proves who asks
    client_secret: str = ""
    #: what is asked for; openid is a must, email tells addresses
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    #: claim of the ID token that lists somebody's groups
    groups_claim: str = "groups"
    #: group to role; the first that fits holds, at each log-in anew
    roles: dict[str, str] = field(default_factory=dict)
    #: role of whoever has a verified address and is in no such group; empty: only who was invited gets in
    otherwise: str = ""
    #: domains of verified addresses that may come in; empty: any
    domains: tuple[str, ...] = ()
    #: where browsers are sent; empty, like the next two: the provider tells (discovery)
    authorization_url: str = ""
    #: where codes are changed for tokens
    token_url: str = ""
    #: where its keys are (JWKS)
    keys_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """``[audit]``: the log of who did what (docs/explain/audit.md)."""

    #: lines are let go of after so many days, two years; an anchor of them stays
    keep_days: int = 730
