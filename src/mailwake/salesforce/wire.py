"""Calls to one org: signed in, within time and size, tried again where that cannot do harm.

Every write of ours may be said twice: changes go by record id and carry absolute values, new records go by a key of
ours. So a call whose outcome is not known is made again, three times with growing pauses; after that whoever called
decides. Redirects are not followed, and the token goes to no host but the org's.
"""

from __future__ import annotations

import random
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import msgspec

from mailwake.salesforce.faults import CallRefused, CallsSpent, Cure, OrgMustAct, SalesforceAway, cure_of, faults_in
from mailwake.salesforce.grants import Grant
from mailwake.salesforce.limits import Usage, usage_in

#: the API that this program was written against
VERSION = "67.0"
_TIMES = httpx2.Timeout(connect=10.0, read=120.0, write=120.0, pool=10.0)
_TRIES = 3
_FIRST_WAIT_SECONDS = 1.0
#: of one answer; a page of 2,000 records has 2 MB
_MOST_BYTES = 128 * 1_048_576
#: hosts that an org may live on; source: https://help.salesforce.com/s/articleView?id=xcloud.domain_name_url_formats.htm
_HOSTS = (".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn")
#: programs disagree on which host a name with other characters is
_PLAIN_HOST = re.compile(r"[a-z0-9.-]+")
_CLOCK_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back of a call that was not refused."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:  # noqa: ANN401 - whatever the other side says
        """The body as JSON; None where there is none.

        Raises:
            SalesforceAway: it is cut short or no JSON.
        """
        try:
            return msgspec.json.decode(self.body) if self.body else None
        except msgspec.DecodeError as fault:
            raise SalesforceAway("cut_short", f"an answer that is no JSON: {fault}") from None


@dataclass(kw_only=True)
class Around:
    """What a wire needs of the world; tests put their own in."""

    #: seconds since 1970
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    #: 0 to 1
    chance: Callable[[], float] = random.random
    #: called before each call; raises `CallsSpent` where no more may be made
    spend: Callable[[], None] = lambda: None
    transport: httpx2.BaseTransport | None = None


@dataclass(slots=True)
class _Session:
    token: str = field(repr=False)
    base: str


class Wire:
    """One org, in the name of one user. Safe from several threads.

    Args:
        login: URL that sessions come from: the org's My Domain, or https://login.salesforce.com.
        grant: how a session is asked for.
        version: of the API, such as 67.0.
        around: the world.
    """

    def __init__(self, login: str, grant: Grant, *, version: str = VERSION, around: Around | None = None) -> None:
        self._login = login.rstrip("/")
        self._grant = grant
        self.version = version
        self._around = around or Around()
        self._client = httpx2.Client(
            timeout=_TIMES, follow_redirects=False, transport=self._around.transport, trust_env=False, verify=_trust(),
            headers={"User-Agent": "mailwake", "Accept-Encoding": "gzip"},
        )  # fmt: skip
        self._session: _Session | None = None
        self._signing_in = Lock()
        #: what the last answer said
        self.usage: Usage | None = None
        #: when it said so, seconds since 1970
        self.usage_at = float("-inf")
        #: calls made, those for a session too
        self.calls = 0

    def call(
        self,
        method: str,
        path: str,
        *,
        told: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a call.

        Args:
            method: of HTTP.
            path: below ``/services/data/vNN.N/``, or from the root where it begins with a slash.
            told: sent as JSON.
            content: sent as it is; its type stands in the headers.
            headers: beside the usual ones.

        Raises:
            SalesforceAway: it does not answer, or nothing that can be read.
            CallsSpent: no calls are left.
            CallRefused: it will not do this.
            OrgMustAct: nothing goes until somebody changes the org or the settings.
        """
        sent = dict(headers or {})
        if told is not None:
            content = msgspec.json.encode(told)
            sent["Content-Type"] = "application/json"
        answer = self._repeatedly(method, path, content, sent)
        if 200 <= answer.status < 400:
            return answer
        raise _refusal(answer)

    def _repeatedly(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """An answer that will not get better by asking again."""
        is_new = False
        for left in reversed(range(_TRIES)):
            try:
                answer = self._once(method, path, content, headers)
            except SalesforceAway as fault:
                if not left or isinstance(fault, CallsSpent):
                    raise
                self._pause(_TRIES - left)
                continue
            if answer.status == 401 and not is_new and _asks_to_sign_in(answer):
                self._session, is_new = None, True
                answer = self._once(method, path, content, headers)
            if not left or not _is_passing(answer):
                return answer
            self._pause(_TRIES - left)
        raise AssertionError  # pragma: no cover - the last round returns or raises

    def _pause(self, rounds: int) -> None:
        """Full jitter, doubling. Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ."""
        self._around.sleep(self._around.chance() * _FIRST_WAIT_SECONDS * 2**rounds)

    def _once(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        session = self._signed_in()
        url = session.base + (path if path.startswith("/") else f"/services/data/v{self.version}/{path}")
        return self._send(method, url, content, {**headers, "Authorization": f"Bearer {session.token}"})

    def _send(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        self._around.spend()
        self.calls += 1
        try:
            with self._client.stream(method, url, content=content, headers=headers) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise SalesforceAway("too_large", f"an answer of more than {_MOST_BYTES} bytes")
                self._learn(response.headers.get("sforce-limit-info"))
                return Answer(status=response.status_code, body=bytes(body), headers=response.headers)
        except httpx2.TimeoutException:
            raise SalesforceAway("timeout", "it did not answer in time") from None
        except httpx2.HTTPError as fault:
            raise SalesforceAway("no_answer", f"it does not answer: {type(fault).__name__}") from None

    def _learn(self, limits: str | None) -> None:
        found = usage_in(limits)
        if found is not None:
            self.usage, self.usage_at = found, self._around.wall()

    def recent_usage(self, seconds: float) -> Usage | None:
        """What the last answers said, if that was not longer ago; None: not known."""
        return self.usage if self._around.wall() - self.usage_at <= seconds else None

    def _signed_in(self) -> _Session:
        with self._signing_in:
            if self._session is None:
                self._session = self._sign_in()
            return self._session

    def _sign_in(self) -> _Session:
        form = self._grant.form(self._around.wall())
        content = urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self._send("POST", f"{self._login}/services/oauth2/token", content, headers)
        if answer.status != 200:
            raise self._sign_in_refused(answer)
        told = answer.json()
        token, base = (told.get("access_token"), told.get("instance_url")) if isinstance(told, dict) else (None, None)
        if not isinstance(token, str) or not isinstance(base, str) or not token.isprintable():
            raise SalesforceAway("cut_short", "an answer without a session when signing in")
        return _Session(token, _checked_base(base, self._login))

    def _sign_in_refused(self, answer: Answer) -> SalesforceAway | OrgMustAct:
        faults = faults_in(answer.json()) if answer.status < 500 else ()
        if not faults:
            return SalesforceAway("no_session", f"signing in was answered with {answer.status}")
        fault = faults[0]
        if cure_of(fault.code, default=Cure.ADMIN) is Cure.ADMIN:
            return OrgMustAct(fault.code, f"signing in is refused ({fault.code}: {fault.message}){self._clock(answer)}")
        return SalesforceAway(fault.code, f"signing in: {fault.message}")

    def _clock(self, answer: Answer) -> str:
        """What to say where this machine's clock may be the reason."""
        try:
            theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
        except ValueError:
            return ""
        apart = self._around.wall() - theirs
        if abs(apart) < _CLOCK_SECONDS:
            return ""
        return f"; the clock of this machine is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} Salesforce's"

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def _asks_to_sign_in(answer: Answer) -> bool:
    faults = faults_in(_maybe(answer))
    return not faults or cure_of(faults[0].code, default=Cure.SIGN_IN) is Cure.SIGN_IN


def _is_passing(answer: Answer) -> bool:
    """Whether the same call may meet a better answer in a moment."""
    if answer.status >= 500:
        return True
    faults = faults_in(_maybe(answer)) if answer.status >= 400 else ()
    return bool(faults) and cure_of(faults[0].code) is Cure.LATER


def _refusal(answer: Answer) -> Exception:
    faults = faults_in(_maybe(answer))
    if not faults:
        return SalesforceAway(f"http_{answer.status}", f"it answers {answer.status} without a reason")
    fault = faults[0]
    match cure_of(fault.code, default=Cure.LATER if answer.status >= 500 else Cure.REFUSED):
        case Cure.ADMIN:
            return OrgMustAct(fault.code, f"{fault.code}: {fault.message}")
        case Cure.SIGN_IN:
            return OrgMustAct(
                fault.code, f"a new session was refused at once ({fault.code}); look at the app's policies"
            )
        case Cure.BUDGET:
            return CallsSpent(fault.code, fault.message, retry_after_seconds=900.0)
        case Cure.LATER:
            return SalesforceAway(fault.code, fault.message)
    return CallRefused(fault, answer.status)


def _maybe(answer: Answer) -> object:
    try:
        return answer.json()
    except SalesforceAway:
        return None  # a page of a gateway in between, in HTML


def _checked_base(base: str, login: str) -> str:
    """The URL of the org, if it is one that a session may be sent to.

    Raises:
        OrgMustAct: it is not.
    """
    url, ours = urlsplit(base), urlsplit(login)
    host = (url.hostname or "").lower()
    if host == ours.hostname and url.scheme == ours.scheme:
        return f"{url.scheme}://{url.netloc}"
    if url.scheme == "https" and host.endswith(_HOSTS) and _PLAIN_HOST.fullmatch(host):
        return f"https://{url.netloc}"
    raise OrgMustAct("instance_url", f"signing in at {login} leads to {base[:200]!r}, which is no host of Salesforce")


def checked_login(text: str, option: str) -> str:
    """A URL that sessions may be asked of.

    Raises:
        OrgMustAct: it is none; plain http is for this machine alone.
    """
    url = urlsplit(text)
    if not url.hostname or url.username or url.query or url.path not in ("", "/"):
        raise OrgMustAct("login", "must be a URL such as https://acme.my.salesforce.com", option)
    if url.scheme != "https" and not (url.scheme == "http" and _is_this_machine(url.hostname)):
        raise OrgMustAct("login", "must be https", option)
    return f"{url.scheme}://{url.netloc}"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def _trust() -> ssl.SSLContext:
    """Whose certificates are believed, read once a process: it takes longer than a call."""
    return httpx2.create_ssl_context()
