"""The sections of the settings file: every option, its unit, its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    #: preset that bounds what may be asked for here: FR IT DE UK EU US PHI custom (`mailwake consent profiles`); with
    #: one, the field `country` of a recipient may choose a stricter one for them; empty: none
    profile: str = ""
    #: what an open may record when nothing stricter applies: off, aggregate, deliverability, individual; empty: as much
    #: as the profile allows, without one individual
    opens: str = ""
    #: what a click may record when nothing stricter applies: off, aggregate, individual; empty: as for opens
    clicks: str = ""
    #: the same for recipients whose consent is not known; empty: as the profile says, without one aggregate, which
    #: singles nobody out
    unknown_consent: str = ""
    #: what mail of a stream may record on both axes, such as {transactional = "aggregate"}; without it, security and
    #: legal_notice are off, with a profile transactional too. consent_request is always off
    streams: dict[str, str] = field(default_factory=dict)
    #: the same for campaigns, by name, such as {"spring 2026" = "aggregate"}
    campaigns: dict[str, str] = field(default_factory=dict)
    #: hits on older mail are answered but no longer recorded
    record_days: int = 400
    #: raw user agents and shortened addresses (/24, /48) of individual hits are kept this long, 30 at most; 0 drops
    #: them as soon as they are judged
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
    #: List-Id of bulk mail that has none, such as News <news.example.com>; empty: no such header
    list_id: str = ""
    #: a second pixel at the end, with the first one at the top, to learn whose client never showed the end
    end_pixel: bool = False
    #: hidden links that only machines follow; off because some filters dislike hidden text
    decoys: bool = False
    #: track links of text/plain parts too; off because the reader sees the long URL
    text_parts: bool = False
    #: no pixel in a page of fewer bytes; 3200 spares what SpamAssassin holds against pictures in short pages
    pixel_min_bytes: int = 0
    #: the pixel is the background of an empty block, and for Outlook for Windows a picture in a comment that it alone
    #: reads: filters hold nothing against it; K-9 and HEY load neither, so what their readers open is missed
    background_pixel: bool = False
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
class Imap:
    """``[imap]``: a mailbox that bounces and replies come back to, for `mailwake ingest-imap`."""

    #: empty: there is none
    host: str = ""
    port: int = 993
    #: tls, starttls or none
    security: str = "tls"
    #: name of the account
    user: str = ""
    #: reference to the password
    password: str = ""
    #: that bounces arrive in
    folder: str = "INBOX"


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
    #: URL of the SQS queue that the topic reports to; it is emptied, and nothing is listened for (ses, extra `sqs`)
    queue_url: str = ""
    #: AWS region of that queue; empty: as its URL, or AWS's own settings, name it
    queue_region: str = ""


@dataclass(frozen=True, kw_only=True)
class Notify:
    """``[notify.NAME]``: a URL of yours that is told what happens, by webhooks signed as Standard Webhooks has it."""

    #: https, or http within your own network
    url: str = ""
    #: references to the signing secrets (whsec_ and base64), the one in use first; several while you change it
    secrets: tuple[str, ...] = ()
    #: what it is told: clicked opened bounced complained unsubscribed consent_withdrawn verdict_changed link_dead
    events: tuple[str, ...] = ("clicked", "bounced", "complained", "unsubscribed", "verdict_changed")
    #: what a person did is told as soon as it looks so (provisional), with corrections, or when it is sure (settled)
    when: str = "settled"
    #: allow an address within your own network; else only public ones are called
    allow_private: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """``[reports.NAME]``: a report that comes by mail, through [smtp], and is not tracked."""

    #: who gets it, each a copy of their own
    recipients: tuple[str, ...] = ()
    #: From, an address that your server may send for
    sender: str = ""
    #: on which days: monday tuesday wednesday thursday friday saturday sunday
    weekdays: tuple[str, ...] = ("monday",)
    #: from this hour on, 0 to 23
    hour: int = 8
    #: time zone of day and hour, such as Europe/Berlin; empty: web.timezone
    timezone: str = ""
    #: campaigns with a copy sent in so many days before
    days: int = 7
    #: these campaigns instead, by name
    campaigns: tuple[str, ...] = ()
    #: where readers of it reach the dashboard; empty: its own address
    dashboard: str = ""


@dataclass(frozen=True, kw_only=True)
class WebhookServer:
    """``[webhook_server]``: the listener that ESPs reach, through a proxy that does TLS."""

    host: str = "127.0.0.1"
    port: int = 8028
    #: networks whose X-Forwarded-For is believed; empty: nobody's
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Conversions:
    """``[conversions]``: how a shop tells which goals were reached; goals themselves are made by `mailwake goal`."""

    #: references to tokens of your own, any of which proves a call at /conversions of [webhook_server]; empty: none
    secrets: tuple[str, ...] = ()
    #: networks that calls may come from; empty: all
    networks: tuple[str, ...] = ()
    #: shops whose links get one parameter more, which names the click and nobody: exact host names; empty: no link does
    reference_hosts: tuple[str, ...] = ()
    #: name of that parameter
    reference_parameter: str = "mw_ref"


@dataclass(frozen=True, kw_only=True)
class Salesforce:
    """``[salesforce]``: the org that is told what people did (docs/howto/salesforce.md)."""

    #: URL of the org's My Domain, such as https://acme.my.salesforce.com; empty: none is connected
    login: str = ""
    #: consumer key of the app in the org
    client_id: str = ""
    #: user in whose name everything is done, by an assertion signed with `key`; empty: the app's own, with `secret`
    username: str = ""
    #: reference to the RSA key (PEM) whose certificate the app has
    key: str = ""
    #: reference to the app's secret (client credentials), where there is no key
    secret: str = ""
    #: whom the assertion is for; empty: https://login.salesforce.com, of a sandbox https://test.salesforce.com
    audience: str = ""
    #: of the API, such as 67.0; empty: the one that this version was written against
    api_version: str = ""
    #: true: write by itself, all the time; false: only `mailwake salesforce push` writes
    push: bool = False
    #: how often the org is asked what changed there
    poll_minutes: float = 5.0
    #: calls that we may make in 24 hours; the last twentieth is for who wants no mail
    daily_calls: int = 5_000
    #: the org's own allowance is left alone once everybody together has used so much of it, 0 to 1
    org_share: float = 0.9
    #: write a row of Email_Engagement__c for each copy that a person reacted to or that came back
    rows: bool = True
    #: such rows are deleted again after so many days, or the Retention Days of the org's setting, whichever are fewer
    row_days: int = 180
    #: what we learned later than so long ago is not told yet, because its verdict may still change
    wait_minutes: float = 15.0
    #: statuses of campaign members by what they stand for: sent opened clicked replied bounced unsubscribed; "": unused
    statuses: dict[str, str] = field(default_factory=dict)
    #: name of the org's data use purpose for watching mail: an opt-out from it holds here, and a refusal here makes one
    #: there; empty: there is none. An opt-out from any other purpose keeps marketing back
    tracking_purpose: str = ""
    #: how long each write is remembered, so that it can be undone
    journal_days: int = 30


@dataclass(frozen=True, kw_only=True)
class Web:
    """``[web]``: the dashboard and its API, for colleagues only."""

    host: str = "127.0.0.1"
    port: int = 8026
    #: time zone of pages until a viewer chooses another, and of the days that segments and rules speak of
    timezone: str = "UTC"
    #: auto: accounts make a log-in, and without any whoever reaches this machine's own address is owner; required:
    #: there is a log-in even while there are no accounts
    login: str = "auto"
    #: URL that colleagues type, where a proxy with TLS stands in front, such as https://mail.example.com; with https,
    #: sessions go by https alone
    public_url: str = ""
    #: networks whose X-Forwarded-For is believed; empty: nobody's
    trusted_proxies: tuple[str, ...] = ()
    #: of its pages, such as de or pt-BR; what has no translation stays English (docs/howto/translate.md)
    language: str = "en"


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
