"""Every option: its unit, its default and the reason for it.

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import msgspec

from mailwake.errors import Misconfigured
from mailwake.modes import Mode, Modes

if TYPE_CHECKING:
    from mailwake.tokens import KeyRing

DEFAULT_FILE = "mailwake.toml"
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """``[tracking]``: what delivered mail points at, and what may be recorded."""

    #: scheme and host of pixel and links; a subdomain of your From domain, so that filters see one sender
    base_url: str = "https://track.example.com"
    #: further host names whose tokens are still read, after a move
    former_hosts: tuple[str, ...] = ()
    #: domain of the envelope senders that bounces come back to, such as bounces.example.com; its MX is `mailwake
    #: ingest`; empty: mail keeps the envelope sender that it came with
    bounce_domain: str = ""
    #: what an open may record when nothing stricter applies: off, aggregate, deliverability, individual
    opens: str = "individual"
    #: what a click may record when nothing stricter applies: off, aggregate, individual
    clicks: str = "individual"
    #: the same for recipients whose consent is not known; aggregate singles nobody out
    unknown_consent: str = "aggregate"
    #: hits on older mail are answered but no longer recorded
    record_days: int = 400
    #: raw address and user agent are kept this long; 0 drops them as soon as they are judged
    keep_raw_days: int = 0


@dataclass(frozen=True, kw_only=True)
class Keys:
    """``[keys]``: where the master keys are."""

    #: reference to the key file that `mailwake keys` writes
    ref: str = "file:mailwake.keys"


@dataclass(frozen=True, kw_only=True)
class Compose:
    """``[compose]``: what is put into mail."""

    #: add List-Unsubscribe and List-Unsubscribe-Post (RFC 8058) where the sender has none
    list_unsubscribe: bool = True
    #: mailto address for List-Unsubscribe, beside the https one; empty: none
    unsubscribe_mailto: str = ""
    #: sender part of the Feedback-ID header (Gmail's complaint statistics); empty: no such header
    feedback_id: str = ""
    #: hidden links that only machines follow; off because some filters dislike hidden text
    decoys: bool = False
    #: track links of text/plain parts too; off because the reader sees the long URL
    text_parts: bool = False
    #: instrument mail that is DKIM-signed already, which breaks the signature; only where it is signed again later
    dkim_signed: bool = False
    #: UTM parameters to add to links that have none, such as {utm_source = "newsletter"}
    utm: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """``[edge]``: the listener that readers reach."""

    host: str = "127.0.0.1"
    port: int = 8025
    #: processes sharing the port; each writes a log file of its own
    workers: int = 1
    #: networks whose forwarding header is believed, such as ["127.0.0.1/32"]; empty: nobody's
    trusted_proxies: tuple[str, ...] = ()
    #: the header such a proxy sets: X-Forwarded-For, Forwarded (RFC 7239), or one that holds nothing but the address
    forwarded_header: str = "X-Forwarded-For"
    #: every line from trusted_proxies begins with a PROXY protocol header (v1 or v2), which says who is at the far end
    proxy_protocol: bool = False
    #: request line and headers together
    max_header_bytes: int = 65_536
    #: header lines of a request; browsers send twenty
    max_headers: int = 100
    #: body of a POST; the forms here need less than a hundred
    max_body_bytes: int = 8_192
    #: time to send a whole request, from its first byte
    request_timeout_seconds: float = 10.0
    #: time a connection may idle between requests
    idle_timeout_seconds: float = 75.0
    #: whoever presses the unsubscribe button as programs do gets a second one; false: the first is enough for everybody
    second_button: bool = True
    #: connections at once, per worker; more are refused with 503
    max_connections: int = 10_000
    #: requests of one connection that may wait for their answers before more are read
    max_pipelined: int = 64


@dataclass(frozen=True, kw_only=True)
class Log:
    """``[log]``: how long the log of events is kept. It holds requests as they came, address included."""

    #: what every reader has passed is removed after so many days; the relay's own is kept 6 days at least
    keep_days: int = 7
    #: a new file is begun after so much, and after a day; whole files are removed
    file_megabytes: int = 256


@dataclass(frozen=True, kw_only=True)
class Relay:
    """``[relay]``: the SMTP listener that programs send through."""

    host: str = "127.0.0.1"
    port: int = 2525
    #: largest message accepted
    max_message_bytes: int = 26_214_400
    #: of one message; each gets a copy of its own
    max_recipients: int = 100
    #: connections at once; one more is asked to come back (421)
    max_clients: int = 500
    #: of all messages between DATA and the answer; one more is put off (452), so that memory stays bounded
    max_bytes_under_way: int = 134_217_728
    #: time for a client's next command, or for the next 64 kB of its message
    client_timeout_seconds: float = 300.0
    #: the same while others wait for the connection to the next server that a slow client holds
    crowded_timeout_seconds: float = 10.0
    #: PEM files for STARTTLS; empty: not offered
    tls_certificate: str = ""
    #: PEM file of the certificate's key
    tls_key: str = ""
    #: user name to password reference; empty: no AUTH, so listen on loopback only
    users: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """``[smtp]``: the server that relay and send hand mail to."""

    host: str = "127.0.0.1"
    port: int = 25
    #: whose server it is, such as sendgrid: its metadata then carries our unsubscribe URL, and webhooks name the copy
    esp: str = ""
    #: none, starttls or tls
    security: str = "none"
    #: name for AUTH; empty: none is tried
    user: str = ""
    #: reference to the password
    password: str = ""
    #: connections at once; Postfix opens as many to one destination. Some providers allow three
    connections: int = 20
    #: how long the server may think about one answer
    timeout_seconds: float = 60.0
    #: how long a client of the relay waits for a free connection before it is asked to come again (451)
    wait_seconds: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """``[ingest]``: the SMTP listener that bounces and replies come back to, and access logs."""

    host: str = "127.0.0.1"
    port: int = 2526
    #: largest notice read; more is refused
    max_message_bytes: int = 5_242_880
    #: lines of access logs are recognised for this long when they are read again, and refused afterwards
    access_log_days: int = 31


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """``[webhooks.NAME]``: what one account of an ESP reports, at /webhooks/ESP/NAME."""

    #: ses sendgrid postmark mailgun sparkpost mailjet brevo mandrill resend mailersend postal mailtrap unisender-go
    esp: str = ""
    #: references to the signing keys, or to user:password where the ESP signs nothing; any of them will do
    secrets: tuple[str, ...] = ()
    #: the URL as the ESP was told it; Mandrill signs it
    public_url: str = ""
    #: the one SNS topic that may report (ses)
    topic_arn: str = ""
    #: networks that calls may come from, for ESPs that sign nothing; empty: all
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WebhookServer:
    """``[webhook_server]``: the listener that ESPs reach, through a proxy that does TLS."""

    host: str = "127.0.0.1"
    port: int = 8028
    #: networks whose X-Forwarded-For is believed; empty: nobody's
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Web:
    """``[web]``: the dashboard and its API, for colleagues only."""

    host: str = "127.0.0.1"
    port: int = 8026
    #: time zone that charts start with
    timezone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """``[monitor]``: metrics and health, for your own tools only; it has no login, so leave it on an inner address."""

    host: str = "127.0.0.1"
    port: int = 8027


@dataclass(frozen=True, kw_only=True)
class Logging:
    """``[logging]``: what the roles say on standard error, one line per event."""

    #: text for people, json for collectors
    format: str = "text"
    #: the least that is said: debug, info, warning, error
    level: str = "info"


@dataclass(frozen=True, kw_only=True)
class Brand:
    """``[brand]``: how unsubscribe and preference pages present you."""

    name: str = "This sender"
    #: buttons and headings, as #rrggbb
    color: str = "#1f5fa8"
    #: of the page, as #rrggbb
    background: str = "#ffffff"


@dataclass(frozen=True, kw_only=True)
class Host:
    """``[hosts."NAME"]``: a further tracking host, for mail of some senders; scheme and port are the main one's."""

    #: From domains, with their subdomains, whose mail carries this host; empty: its links are read, none are made
    senders: tuple[str, ...] = ()
    #: domain of its envelope senders; empty: tracking.bounce_domain
    bounce_domain: str = ""
    #: reference to a key file of its own, made by `mailwake keys new --host NAME`; empty: keys derived from [keys]
    keys: str = ""
    #: how its pages present the brand; empty here and below: as [brand] has it
    name: str = ""
    #: buttons and headings, as #rrggbb
    color: str = ""
    #: of the page, as #rrggbb
    background: str = ""


@dataclass(frozen=True, kw_only=True)
class Enrich:
    """``[enrich]``: files that win over the databases in the package."""

    #: MMDB with country, from MaxMind, DB-IP or IPinfo; empty: the one in the package
    country_mmdb: str = ""
    #: MMDB with ASN; empty: the one in the package
    asn_mmdb: str = ""
    #: MMDB with city; empty: no city is ever told
    city_mmdb: str = ""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """``[demo]``: for a crowd that lives through a week in seconds. Never switch this on in production."""

    #: believe the X-Mailwake-Clock header (microseconds since 1970) as the time of a hit
    event_clock: bool = False
    #: move everything without such a header by this much, so that the week is over by now
    shift_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of mailwake.toml."""

    tracking: Tracking = field(default_factory=Tracking)
    keys: Keys = field(default_factory=Keys)
    compose: Compose = field(default_factory=Compose)
    edge: Edge = field(default_factory=Edge)
    log: Log = field(default_factory=Log)
    relay: Relay = field(default_factory=Relay)
    smtp: Smtp = field(default_factory=Smtp)
    ingest: Ingest = field(default_factory=Ingest)
    #: one table per account
    webhooks: dict[str, Webhook] = field(default_factory=dict, metadata={"each": Webhook})
    webhook_server: WebhookServer = field(default_factory=WebhookServer)
    web: Web = field(default_factory=Web)
    monitor: Monitor = field(default_factory=Monitor)
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
    def ceiling(self) -> Modes:
        """The installation's own modes, which nothing exceeds."""
        return Modes(opens=Mode.from_word(self.tracking.opens), clicks=Mode.from_word(self.tracking.clicks))

    @property
    def unknown_consent(self) -> Modes:
        """Modes for a recipient who was never asked."""
        mode = Mode.from_word(self.tracking.unknown_consent)
        return Modes(opens=mode, clicks=mode)

    def path(self, name: str) -> Path:
        """A path from the file, relative to the file."""
        return (self.root / name).resolve()

    def secret(self, reference: str, option: str) -> str:
        """The text behind ``env:NAME`` or ``file:PATH``.

        Raises:
            Misconfigured: the reference has another form or leads nowhere.
        """
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
    for option in ("opens", "clicks", "unknown_consent"):
        try:
            Mode.from_word(getattr(settings.tracking, option))
        except ValueError as fault:
            raise Misconfigured(f"tracking.{option}", str(fault)) from None
    _check_names(settings)
    if settings.edge.proxy_protocol and not settings.edge.trusted_proxies:
        raise Misconfigured("edge.proxy_protocol", "nobody may say who is at the far end; name edge.trusted_proxies")
    if settings.logging.format not in ("text", "json"):
        raise Misconfigured("logging.format", "must be text or json")
    if settings.logging.level not in ("debug", "info", "warning", "error"):
        raise Misconfigured("logging.level", "must be debug, info, warning or error")
    if settings.log.keep_days < 0:
        raise Misconfigured("log.keep_days", "must be 0 or more")
    if settings.log.file_megabytes < 1:
        raise Misconfigured("log.file_megabytes", "must be 1 or more")
    if settings.relay.max_bytes_under_way < settings.relay.max_message_bytes:
        raise Misconfigured("relay.max_bytes_under_way", "must not be below relay.max_message_bytes")
    if settings.smtp.security not in ("none", "starttls", "tls"):
        raise Misconfigured("smtp.security", "must be none, starttls or tls")


def _check_names(settings: Settings) -> None:
    for name in settings.hosts:
        if not _HOST.fullmatch(name):
            raise Misconfigured(f'hosts."{name}"', "is no host name; write it in lower case, without scheme or port")
    for domain in settings.bounce_domains:
        if not _HOST.fullmatch(domain):
            raise Misconfigured("bounce_domain", f"{domain!r} is no host name; write it in lower case")
    settings.host_of_sender()


def _ascii_domain(text: str) -> str:
    """A domain as it is compared; what cannot be one comes back as it is."""
    try:
        return text.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return text
