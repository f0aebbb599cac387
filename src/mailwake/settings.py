"""What an installation is told: one file, read and checked; its sections stand in `sections`.

One TOML file, read once at start. Secrets are named by reference: ``env:NAME`` or ``file:PATH`` (relative to the file
that names it). An unknown key stops the start and names the nearest one. Rooms get settings as arguments and never read
the environment.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast
from urllib.parse import urlsplit

import msgspec

from mailwake.errors import Misconfigured
from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes, strictest
from mailwake.more_sections import (
    Audit,
    Hygiene,
    Oidc,
    Postmaster,
    Preflight,
    Privacy,
    SalesforceGoal,
    Scoring,
    Watchdog,
    Workflows,
)
from mailwake.profiles import NEVER, STREAMS, UNWATCHED, Profile, Rule, Rules, profiles, rules_of
from mailwake.sections import (
    Brand,
    Compose,
    Conversions,
    Demo,
    Edge,
    Enrich,
    Host,
    Imap,
    Ingest,
    Keys,
    Log,
    Logging,
    Monitor,
    Notify,
    Relay,
    Report,
    Salesforce,
    Smtp,
    Tracking,
    Web,
    Webhook,
    WebhookServer,
)

if TYPE_CHECKING:
    from mailwake.tokens import KeyRing

#: who decides for somebody who was never asked
_UNKNOWN = "recipient:unknown"
_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,32}")
#: language, script, region, as BCP 47 has them; a name of a folder, so nothing else
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
DEFAULT_FILE = "mailwake.toml"
#: what stands in examples in place of a secret, here and elsewhere
_SAMPLES = frozenset(
    {"changeme", "change-me", "change_me", "password", "secret", "token", "example", "your-secret-here", "todo", "xxx"}
)
#: Raw addresses and user agents find people, so nobody may keep them for longer.
MAX_RAW_DAYS = 30
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Limits(TypedDict):
    """What holds whatever a recipient says."""

    #: nothing exceeds it
    ceiling: Modes
    #: of a recipient who was never asked
    unknown: Modes
    #: by the country of each; None: the same for all
    rules: Rules | None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of mailwake.toml."""

    tracking: Tracking = field(default_factory=Tracking)
    privacy: Privacy = field(default_factory=Privacy)
    keys: Keys = field(default_factory=Keys)
    compose: Compose = field(default_factory=Compose)
    edge: Edge = field(default_factory=Edge)
    log: Log = field(default_factory=Log)
    relay: Relay = field(default_factory=Relay)
    smtp: Smtp = field(default_factory=Smtp)
    ingest: Ingest = field(default_factory=Ingest)
    imap: Imap = field(default_factory=Imap)
    #: one table per account
    webhooks: dict[str, Webhook] = field(default_factory=dict, metadata={"each": Webhook})
    #: one table per URL
    notify: dict[str, Notify] = field(default_factory=dict, metadata={"each": Notify})
    #: one table per report
    reports: dict[str, Report] = field(default_factory=dict, metadata={"each": Report})
    webhook_server: WebhookServer = field(default_factory=WebhookServer)
    conversions: Conversions = field(default_factory=Conversions)
    postmaster: Postmaster = field(default_factory=Postmaster)
    salesforce: Salesforce = field(default_factory=Salesforce)
    #: one table per goal
    salesforce_goals: dict[str, SalesforceGoal] = field(default_factory=dict, metadata={"each": SalesforceGoal})
    workflows: Workflows = field(default_factory=Workflows)
    watchdog: Watchdog = field(default_factory=Watchdog)
    scoring: Scoring = field(default_factory=Scoring)
    hygiene: Hygiene = field(default_factory=Hygiene)
    preflight: Preflight = field(default_factory=Preflight)
    web: Web = field(default_factory=Web)
    monitor: Monitor = field(default_factory=Monitor)
    oidc: Oidc = field(default_factory=Oidc)
    audit: Audit = field(default_factory=Audit)
    logging: Logging = field(default_factory=Logging)
    brand: Brand = field(default_factory=Brand)
    #: one table per host
    hosts: dict[str, Host] = field(default_factory=dict, metadata={"each": Host})
    enrich: Enrich = field(default_factory=Enrich)
    demo: Demo = field(default_factory=Demo)
    #: folder of log, stores and runtime files; relative to this file
    data: str = "mailwake-data"
    #: folder that relative paths start from; set by `load`, not an option
    root: Path = field(default=Path(), metadata={"option": False})

    @property
    def data_folder(self) -> Path:
        """Absolute folder of log and stores."""
        return (self.root / self.data).resolve()

    @property
    def tracking_host(self) -> str:
        """Host name of the tracking URL, lower case, without port."""
        return urlsplit(self.tracking.base_url).hostname or ""

    @property
    def plain_hosts(self) -> frozenset[str]:
        """The tracking host and its former names, whose mail the installation's keys themselves seal or sealed."""
        return frozenset(name.lower() for name in (self.tracking_host, *self.tracking.former_hosts) if name)

    @property
    def bounce_domains(self) -> frozenset[str]:
        """The domains that bounces come back to."""
        own = (host.bounce_domain for host in self.hosts.values())
        return frozenset(domain for domain in (self.tracking.bounce_domain, *own) if domain)

    @property
    def own_hosts(self) -> frozenset[str]:
        """Every name that is answered for, lower case."""
        return self.plain_hosts | frozenset(self.hosts)

    def host_of_sender(self) -> dict[str, str]:
        """From domain, lower case and in IDNA form, to the host that its mail carries.

        Raises:
            Misconfigured: something is no domain, or stands under two hosts.
        """
        found: dict[str, str] = {}
        for name, host in self.hosts.items():
            option = f'hosts."{name}".senders'
            for sender in host.senders:
                domain = _ascii_domain(sender)
                if not _HOST.fullmatch(domain):
                    raise Misconfigured(option, f"{sender!r} is no domain; write it as example.com, without name or @")
                if domain in found:
                    raise Misconfigured(option, f"{sender} stands under {found[domain]} too; mail has one host")
                found[domain] = name
        return found

    @property
    def profile(self) -> Profile | None:
        """The preset that was chosen; None: none was."""
        return profiles()[self.tracking.profile] if self.tracking.profile else None

    @cached_property
    def ceiling(self) -> Modes:
        """The installation's own modes, which nothing exceeds; with who is to blame for them."""
        most = INDIVIDUAL if self.profile is None else self.profile.rule.ceiling.decided_by("profile")
        opens, clicks = (_mode_or(word, Mode.INDIVIDUAL) for word in (self.tracking.opens, self.tracking.clicks))
        return strictest((most, Modes(opens=opens, clicks=clicks).decided_by("installation")))

    @cached_property
    def unknown_consent(self) -> Modes:
        """Modes for a recipient who was never asked."""
        least = Mode.AGGREGATE if self.profile is None else Mode.INDIVIDUAL
        mode = _mode_or(self.tracking.unknown_consent, least)
        most = INDIVIDUAL if self.profile is None else self.profile.rule.unknown
        opens, clicks = min(mode, most.opens), min(mode, most.clicks)
        return Modes(opens=opens, clicks=clicks, opens_by=_UNKNOWN, clicks_by=_UNKNOWN)

    @cached_property
    def rules(self) -> Rules | None:
        """What holds for each recipient by their country; None without a profile, for then all are alike."""
        if self.profile is None:
            return None
        own = self.profile.rule
        base = Rule(ceiling=self.ceiling, unknown=self.unknown_consent, hygiene=own.hygiene)
        return rules_of(replace(base, clicks_follow=own.clicks_follow))

    @cached_property
    def limits(self) -> Limits:
        """What holds whatever a recipient says, as `StateStore.modes` takes it."""
        return {"ceiling": self.ceiling, "unknown": self.unknown_consent, "rules": self.rules}

    def level(self, campaign: str, stream: str) -> Modes:
        """What mail of a campaign and a stream may record at most."""
        place = self.tracking.campaigns.get(campaign, ""), stream
        if place not in self._levels:  # asked for with every message
            mode = _mode_or(place[0], Mode.INDIVIDUAL)
            own = Modes(opens=mode, clicks=mode).decided_by("campaign")
            self._levels[place] = strictest((own, self._stream_level(stream)))
        return self._levels[place]

    @cached_property
    def _levels(self) -> dict[tuple[str, str], Modes]:
        return {}

    def _stream_level(self, stream: str) -> Modes:
        if stream in NEVER:
            return OFF.decided_by("stream")
        preset = Mode.OFF if stream in UNWATCHED else Mode.INDIVIDUAL
        if self.profile is not None:
            preset = min(preset, self.profile.streams.get(stream, preset))
        mode = _mode_or(self.tracking.streams.get(stream, ""), preset)
        return Modes(opens=mode, clicks=mode).decided_by("stream")

    def path(self, name: str) -> Path:
        """A path from the file, relative to the file."""
        return (self.root / name).resolve()

    def secret(self, reference: str, option: str) -> str:
        """The text behind ``env:NAME`` or ``file:PATH``.

        Raises:
            Misconfigured: the reference has another form or leads nowhere, or there is no secret at its end.
        """
        found = self._behind(reference, option)
        if not found.strip():
            raise Misconfigured(option, f"{reference} is empty")
        if found.strip().lower() in _SAMPLES:
            raise Misconfigured(option, f"{reference} holds a word from an example; everybody knows it")
        return found

    def _behind(self, reference: str, option: str) -> str:
        kind, _, name = reference.partition(":")
        if kind == "env" and name:
            if name in os.environ:
                return os.environ[name]
            raise Misconfigured(option, f"the environment has no variable {name}")
        if kind == "file" and name:
            try:
                return self.path(name).read_text(encoding="utf-8").strip()
            except OSError as fault:
                raise Misconfigured(option, f"cannot read {self.path(name)}: {fault.strerror}") from None
        raise Misconfigured(option, "secrets stand elsewhere: write env:NAME or file:PATH")

    def load_keys(self) -> KeyRing:
        """The master keys.

        Raises:
            Misconfigured: missing, short or published keys.
        """
        from mailwake.tokens import parse_keys  # who needs no keys need not load the cryptography for them

        return parse_keys(self.secret(self.keys.ref, "keys.ref"))


def load(path: Path | str = DEFAULT_FILE) -> Settings:
    """Read and check a settings file.

    Raises:
        Misconfigured: the file is missing, is no TOML, or has an option that does not exist or cannot be.
    """
    path = Path(path)
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misconfigured(str(path), "there is no such file; run `mailwake init` to make one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise Misconfigured(str(path), f"is not TOML: {fault}") from None
    return parse(tree, root=path.resolve().parent)


def parse(tree: Mapping[str, Any], *, root: Path) -> Settings:
    """Settings from a parsed file; see `load`."""
    _refuse_unknown(tree, Settings, "")
    try:
        settings = msgspec.convert({**tree, "root": str(root)}, Settings, dec_hook=lambda _, value: Path(value))
    except msgspec.ValidationError as fault:
        raise Misconfigured(str(fault).rpartition("$.")[2].rstrip("`") or "mailwake.toml", str(fault)) from None
    _check(settings)
    return settings


def _refuse_unknown(tree: Mapping[str, Any], kind: type, prefix: str) -> None:
    options = {f.name: f for f in dataclasses.fields(kind) if f.metadata.get("option", True)}
    for name, value in tree.items():
        if name not in options:
            near = difflib.get_close_matches(name, options, n=1, cutoff=0.0)
            raise Misconfigured(f"{prefix}{name}", f"there is no such option; did you mean {prefix}{near[0]}?")
        each: Any = options[name].metadata.get("each")
        section: Any = options[name].default_factory
        if each:
            for key, table in _table(value, f"{prefix}{name}").items():
                option = f'{prefix}{name}."{key}"'
                _refuse_unknown(_table(table, option), each, f"{option}.")
        elif dataclasses.is_dataclass(section):
            _refuse_unknown(_table(value, f"{prefix}{name}"), cast("type", section), f"{prefix}{name}.")


def _table(value: object, option: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Misconfigured(option, "is a section; write it as a table")
    return value


def _check(settings: Settings) -> None:
    url = urlsplit(settings.tracking.base_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.path not in ("", "/") or url.query:
        raise Misconfigured("tracking.base_url", "must be a scheme and a host, such as https://track.example.com")
    _check_modes(settings.tracking)
    _check_keeping(settings)
    _check_names(settings)
    if settings.edge.proxy_protocol and not settings.edge.trusted_proxies:
        raise Misconfigured("edge.proxy_protocol", "nobody may say who is at the far end; name edge.trusted_proxies")
    if settings.logging.format not in ("text", "json"):
        raise Misconfigured("logging.format", "must be text or json")
    if settings.logging.level not in ("debug", "info", "warning", "error"):
        raise Misconfigured("logging.level", "must be debug, info, warning or error")
    if not _LANGUAGE.fullmatch(settings.web.language):
        raise Misconfigured("web.language", f"{settings.web.language!r} is no language; write it as de or pt-BR")
    _check_privacy(settings)
    _check_login(settings)
    if settings.audit.keep_days < 1:
        raise Misconfigured("audit.keep_days", "must be 1 or more")
    if settings.log.keep_days < 0:
        raise Misconfigured("log.keep_days", "must be 0 or more")
    if settings.log.file_megabytes < 1:
        raise Misconfigured("log.file_megabytes", "must be 1 or more")
    if settings.relay.max_bytes_under_way < settings.relay.max_message_bytes:
        raise Misconfigured("relay.max_bytes_under_way", "must not be below relay.max_message_bytes")
    if settings.preflight.gate not in ("off", "show", "stop"):
        raise Misconfigured("preflight.gate", "must be off, show or stop")
    if settings.smtp.security not in ("none", "starttls", "tls"):
        raise Misconfigured("smtp.security", "must be none, starttls or tls")


def _check_modes(tracking: Tracking) -> None:
    """Every mode is one, every stream is one, and nothing is asked for above the profile's ceiling."""
    asked = {option: getattr(tracking, option) for option in ("opens", "clicks", "unknown_consent")}
    asked |= {f'streams."{name}"': word for name, word in tracking.streams.items()}
    asked |= {f'campaigns."{name}"': word for name, word in tracking.campaigns.items()}
    for option, word in asked.items():
        try:
            _mode_or(word, Mode.OFF)
        except ValueError as fault:
            raise Misconfigured(f"tracking.{option}", str(fault)) from None
    for name in tracking.streams:
        if name not in STREAMS or name in NEVER:
            known = ", ".join(each for each in STREAMS if each not in NEVER)
            raise Misconfigured(f'tracking.streams."{name}"', f"there is no such stream to set; there are {known}")
    if tracking.profile and tracking.profile not in profiles():
        raise Misconfigured("tracking.profile", f"there is no such profile; there are {', '.join(profiles())}")
    if tracking.profile:
        _check_profile(tracking, profiles()[tracking.profile])


def _check_profile(tracking: Tracking, profile: Profile) -> None:
    """Asking above the ceiling is an error, so that nobody believes to measure what is not measured."""
    rule = profile.rule
    bounds = (
        ("opens", tracking.opens, rule.ceiling.opens),
        ("clicks", tracking.clicks, rule.ceiling.clicks),
        ("unknown_consent", tracking.unknown_consent, max(rule.unknown.opens, rule.unknown.clicks)),
    )
    for option, word, most in bounds:
        if _mode_or(word, Mode.OFF) > most:
            raise Misconfigured(
                f"tracking.{option}",
                f"{word} is above {most.word}, the most that tracking.profile {profile.name} allows "
                f"({profile.disclaimer}); lower it, or leave it out",
            )


def _mode_or(word: str, otherwise: Mode) -> Mode:
    return Mode.from_word(word) if word else otherwise


def _check_privacy(settings: Settings) -> None:
    if settings.privacy.on_withdrawal not in ("stop", "anonymise", "erase"):
        raise Misconfigured("privacy.on_withdrawal", "must be stop, anonymise or erase")
    page = urlsplit(settings.privacy.page_url)
    if settings.privacy.page_url and (page.scheme not in ("http", "https") or not page.hostname or page.query):
        raise Misconfigured("privacy.page_url", "must be a scheme and a host, such as https://privacy.example.com")


def _check_login(settings: Settings) -> None:
    if settings.web.login not in ("auto", "required"):
        raise Misconfigured("web.login", "must be auto or required")
    url = urlsplit(settings.web.public_url)
    is_url = url.scheme in ("http", "https") and url.hostname and url.path in ("", "/") and not url.query
    if settings.web.public_url and not is_url:
        raise Misconfigured("web.public_url", "must be a scheme and a host, such as https://mail.example.com")


def _check_keeping(settings: Settings) -> None:
    if not 0 <= settings.tracking.keep_raw_days <= MAX_RAW_DAYS:
        raise Misconfigured("tracking.keep_raw_days", f"must be 0 to {MAX_RAW_DAYS}; 0 keeps none")
    for option in ("individual_days", "deliverability_days", "set_aside_days", "unread_days"):
        if getattr(settings.privacy, option) < 1:
            raise Misconfigured(f"privacy.{option}", "must be 1 or more")
    if settings.privacy.individual_days < settings.tracking.record_days:
        problem = f"must not be below tracking.record_days, which is {settings.tracking.record_days}"
        raise Misconfigured("privacy.individual_days", problem)


def _check_names(settings: Settings) -> None:
    for name in settings.hosts:
        if not _HOST.fullmatch(name):
            raise Misconfigured(f'hosts."{name}"', "is no host name; write it in lower case, without scheme or port")
    for domain in settings.bounce_domains:
        if not _HOST.fullmatch(domain):
            raise Misconfigured("bounce_domain", f"{domain!r} is no host name; write it in lower case")
    for host in settings.conversions.reference_hosts:
        if not _HOST.fullmatch(host) or host in settings.own_hosts:
            raise Misconfigured(
                "conversions.reference_hosts", f"{host!r} is no shop's host name; write it as shop.example.com"
            )
    if settings.salesforce_goals and not settings.salesforce.login:
        raise Misconfigured("salesforce_goals", "no org is connected that could have records; name salesforce.login")
    if not _PARAMETER.fullmatch(settings.conversions.reference_parameter):
        raise Misconfigured("conversions.reference_parameter", "must be 1 to 32 letters, digits, - or _")
    settings.host_of_sender()


def _ascii_domain(text: str) -> str:
    """A domain as it is compared; what cannot be one comes back as it is."""
    try:
        return text.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return text
