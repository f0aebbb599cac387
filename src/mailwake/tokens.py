"""Sealed links: what a delivered mail carries, and what the edge reads back without asking anybody.

A tracked URL has two sealed parts, ``/c/<message>/<link>``; the pixel and the unsubscribe pages have the first alone.
The *message* part names the copy and is sealed once per recipient and purpose. The *link* part names an occurrence of a
link and holds its target; it is sealed once per template. Both are AES-256-SIV (RFC 5297): deterministic, so that
composing again gives the same bytes, and without a nonce that could be reused. The host and the header are bound as
associated data, so a token is worthless on another host and for another purpose.

Layout, before base64url without padding (RFC 4648 section 5)::

    version and purpose: 1 byte | key slot: 1 byte | synthetic IV: 16 bytes | sealed bytes

    message:   modes 1 | template 4 | delivery 8 | recipient 8 | issue day 2     big-endian
    link:      flags 1 | template 4 | number 2 | target (raw deflate if flags & 1)
    reference: a message, then the number of the link 2; names one click to a shop that hands it back

An envelope sender is too short for all that, and servers fold its case (`ReturnPaths`)::

    b-<base32 of: synthetic IV 16 | sealed 22>@domain
    sealed:  modes 4 bits, issue day / 4 in 12 bits | template 4 | delivery 8 | recipient 8

Tokens never expire here. The edge stops *recording* old ones; it never stops redirecting.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache
from struct import Struct
from struct import error as struct_error
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailwake.errors import BadInput, Misconfigured, Untrusted
from mailwake.modes import Mode, Modes

VERSION = 1
KEY_BYTES = 32
MAX_TARGET_BYTES = 16_384
MAX_LINK_NUMBER = 0xFFFF
#: A link part may not be longer than this, so that nothing large is decoded for a stranger.
MAX_TOKEN_CHARS = 24_576
#: Issue days count from here; 2 bytes last until the year 2199.
EPOCH = date(2020, 1, 1)

_MESSAGE = Struct(">BIQQH")
_LINK = Struct(">BIH")
_REFERENCE = Struct(">BIQQHH")
_RETURN = Struct(">HIQQ")
#: "b-" and base32 of the above: 63 of the 64 octets that RFC 5321 section 4.5.3.1.1 grants a local part.
_RETURN_PATH = re.compile(r"b-([a-z2-7]{61})\Z", re.IGNORECASE)
_DAYS_PER_STEP = 4
#: in the year 2064; later mail says that it is of that day
_LAST_STEP = 0xFFF
#: Length of every message part, so that layouts can be made before it is known.
MESSAGE_CHARS = -(-(18 + _MESSAGE.size) * 4 // 3)
_DEFLATED = 1
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: What is none of the alphabet becomes something that no decoder takes.
_TO_STANDARD = bytes(byte if byte in _ALPHABET else 0 for byte in range(256)).translate(bytes.maketrans(b"-_", b"+/"))
_TO_URLSAFE = bytes.maketrans(b"+/", b"-_")
#: What fills the last group, by length modulo 4; a single character left over cannot be right.
_PADDING = (b"", b"===", b"==", b"=")
#: What the last character may be, by length modulo 4: the bits that it has too many are zero.
_LAST = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])

#: SHA-256 of keys that stand in public text (documentation, tests); none of them may ever seal real mail.
PUBLISHED_KEYS = frozenset(
    hashlib.sha256(key).digest()
    for key in (bytes(KEY_BYTES), bytes(range(KEY_BYTES)), b"\xff" * KEY_BYTES, b"mailwake sample key: never use!!")
)


class Purpose(IntEnum):
    """What a sealed part is for; each purpose has a key of its own."""

    #: pixel and links
    READ = 1
    #: the List-Unsubscribe header, which a scanner that reads the body never sees
    UNSUBSCRIBE_HEADER = 2
    #: the unsubscribe link in the body, and the preference page
    UNSUBSCRIBE_BODY = 3
    #: a link of a template, with its target
    LINK = 4
    #: the envelope sender, to which bounces come back
    RETURN_PATH = 5
    #: a click, as a shop hands it back to say what came of it; opens nothing and leads nowhere
    CLICK = 6


_PURPOSES = frozenset(int(purpose) for purpose in Purpose)


class MessageToken(NamedTuple):
    """One recipient's copy of a message, as its sealed part tells it."""

    #: how closely the copy may be watched, frozen when it was sent
    modes: Modes
    #: 32-bit id of the exact HTML as sent
    template: int
    #: random 64-bit id of the copy; 0 where the mode allows no such thing
    delivery: int
    #: random 64-bit handle of the recipient; 0 where the mode allows no such thing
    recipient: int
    #: the day it was sealed (UTC)
    issued: date


class LinkToken(NamedTuple):
    """One occurrence of a link in a template, and where it leads."""

    template: int
    #: position in document order, from 1
    number: int
    #: the target exactly as the author wrote it, entities decoded; empty for a decoy
    target: str


class KeyRing:
    """The installation's master keys, oldest to newest. The newest seals, all of them read.

    Args:
        slots: slot number (0-255) to 32 random bytes; the highest number is the newest.
    """

    def __init__(self, slots: Mapping[int, bytes]) -> None:
        if not slots:
            raise Misconfigured("keys", "there is no key; run `mailwake keys new`")
        for slot, key in slots.items():
            if not 0 <= slot <= 255:
                raise Misconfigured("keys", f"slot {slot} is not between 0 and 255")
            if len(key) != KEY_BYTES:
                raise Misconfigured("keys", f"slot {slot} holds {len(key)} bytes, not {KEY_BYTES}")
        self._slots = dict(sorted(slots.items()))
        self._sealers: dict[int, AESSIV] = {}
        self.newest = max(self._slots)

    def __repr__(self) -> str:
        """Slot numbers only: a key never reaches a log."""
        return f"KeyRing(slots={list(self._slots)})"

    @property
    def slots(self) -> tuple[int, ...]:
        """The slot numbers, oldest to newest."""
        return tuple(self._slots)

    def derive(self, label: str, *, slot: int | None = None, length: int = 32) -> bytes:
        """A key for another purpose of the installation, such as the keyed hash of a network.

        Args:
            label: says what it is for; different labels give unrelated keys.
            slot: the master key to start from; the oldest by default, so that rotation changes nothing.
            length: bytes wanted.
        """
        master = self._slots[min(self._slots) if slot is None else slot]
        return HKDF(SHA256(), length, salt=b"mailwake", info=label.encode()).derive(master)

    def for_host(self, host: str) -> KeyRing:
        """Keys that one tracking host has for itself, in the same slots; those of another host tell nothing of them."""
        return KeyRing({slot: self.derive(f"host {host.lower()}", slot=slot) for slot in self._slots})

    def sealer(self, slot: int, purpose: int) -> AESSIV | None:
        """The cipher of one slot and purpose, made once; None for a slot that we do not have."""
        place = slot << 8 | purpose
        if place not in self._sealers:
            if slot not in self._slots:
                return None
            self._sealers[place] = AESSIV(self.derive(f"token {VERSION} {purpose}", slot=slot, length=64))
        return self._sealers[place]


def new_key() -> bytes:
    """32 fresh random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def parse_keys(text: str) -> KeyRing:
    """Read a key file: one ``slot base64url [date]`` a line, ``#`` starts a comment.

    Raises:
        Misconfigured: a line cannot be read, or a key is short, missing or published.
    """
    slots: dict[int, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        slot, key = _parse_key_line(number, words)
        if slot in slots:
            raise Misconfigured("keys", f"line {number}: slot {slot} stands there twice")
        slots[slot] = key
    return KeyRing(slots)


def _parse_key_line(number: int, words: list[str]) -> tuple[int, bytes]:
    try:
        slot, key = int(words[0]), decode(words[1].rstrip("="))
    except (ValueError, IndexError, Untrusted):
        raise Misconfigured("keys", f"line {number} is not `slot key`; run `mailwake keys new`") from None
    if hashlib.sha256(key).digest() in PUBLISHED_KEYS:
        raise Misconfigured("keys", f"line {number}: slot {slot} is a published sample; run `mailwake keys new`")
    return slot, key


def format_key(slot: int, key: bytes, created: date) -> str:
    """One line of a key file."""
    return f"{slot} {encode(key)} {created.isoformat()}\n"


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URLSAFE).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes behind exactly one spelling; every other spelling of the same bytes is refused.

    Raises:
        Untrusted: characters outside the alphabet, an impossible length, or set bits after the end.
    """
    try:
        raw = text.encode("ascii")
        left = len(raw) & 3
        decoded = binascii.a2b_base64(raw.translate(_TO_STANDARD) + _PADDING[left], strict_mode=True)
    except UnicodeEncodeError:
        raise Untrusted("alphabet") from None
    except binascii.Error:
        raise Untrusted("length" if set(raw) <= set(_ALPHABET) else "alphabet") from None
    if left and raw[-1] not in _LAST[left]:
        raise Untrusted("spelling")
    return decoded


class Minter:
    """Seals tokens for one tracking host with the newest key.

    Args:
        keys: the installation's keys.
        host: the tracking host's name, without scheme or port; case does not matter.
        cached_links: how many link parts to remember; every copy of a template has the same ones.
    """

    def __init__(self, keys: KeyRing, host: str, *, cached_links: int = 16_384) -> None:
        self._host = host.lower().encode("ascii")
        self._slot = keys.newest
        self._cached_link = lru_cache(maxsize=cached_links)(self._seal_link)
        #: by purpose: header, what is bound, cipher
        self._seals = [self._prepare(keys, purpose) for purpose in (Purpose.READ, *Purpose)]

    def _prepare(self, keys: KeyRing, purpose: Purpose) -> tuple[bytes, list[bytes], AESSIV]:
        header, sealer = bytes((VERSION << 4 | purpose, self._slot)), keys.sealer(self._slot, purpose)
        if sealer is None:
            raise Misconfigured("keys", f"there is no key in slot {self._slot}")
        return header, [header, self._host], sealer

    def _seal(self, purpose: Purpose, plain: bytes) -> bytes:
        header, bound, sealer = self._seals[purpose]
        sealed = binascii.b2a_base64(header + sealer.encrypt(plain, bound), newline=False)
        return sealed.rstrip(b"=").translate(_TO_URLSAFE)

    def message(self, purpose: Purpose, token: MessageToken) -> str:
        """The part that names one recipient's copy. For `Purpose.LINK` use `link`."""
        return self.message_bytes(purpose, token).decode("ascii")

    def message_bytes(self, purpose: Purpose, token: MessageToken) -> bytes:
        """The same as bytes, for what is put together from bytes."""
        modes, template, delivery, recipient, issued = token
        day = (issued - EPOCH).days
        return self._seal(purpose, _MESSAGE.pack(modes.to_byte(), template, delivery, recipient, day))

    def reference(self, token: MessageToken, link: int) -> str:
        """What names a click on one link of one copy, to nobody but us."""
        modes, template, delivery, recipient, issued = token
        day = (issued - EPOCH).days
        plain = _REFERENCE.pack(modes.to_byte(), template, delivery, recipient, day, link)
        return self._seal(Purpose.CLICK, plain).decode("ascii")

    def link(self, token: LinkToken) -> str:
        """The part that names one link of a template and holds its target.

        Raises:
            BadInput: the target is longer than 16 kB, or the template has more than 65,535 links.
        """
        return self._cached_link(token)

    def _seal_link(self, token: LinkToken) -> str:
        target = token.target.encode("utf-8")
        if len(target) > MAX_TARGET_BYTES:
            raise BadInput(f"a link of {len(target)} bytes is longer than {MAX_TARGET_BYTES}; leave it untracked")
        if not 0 <= token.number <= MAX_LINK_NUMBER:
            raise BadInput(f"link number {token.number} is above {MAX_LINK_NUMBER}; leave it untracked")
        packed = _deflate(target)
        flags, body = (_DEFLATED, packed) if len(packed) < len(target) else (0, target)
        return self._seal(Purpose.LINK, _LINK.pack(flags, token.template, token.number) + body).decode("ascii")


class _Opener(NamedTuple):
    """What a header stands for on a host."""

    purpose: Purpose
    decrypt: Callable[[bytes, list[bytes]], bytes]
    #: the associated data: header and host
    bound: list[bytes]


#: How a named tuple makes itself, without a call in between: one is made for every hit.
_make = tuple.__new__


class TokenReader:
    """Reads tokens for the installation's tracking hosts with any of its keys.

    Args:
        keys: the installation's keys.
        hosts: names of the tracking hosts, without scheme or port.
        cached_links: how many link parts to remember; the same link comes back for every recipient.
    """

    def __init__(self, keys: KeyRing, hosts: Iterable[str], *, cached_links: int = 65_536) -> None:
        self._keys = keys
        self._known: dict[str, dict[bytes, _Opener]] = {host.lower(): {} for host in hosts}
        self._cached_link = lru_cache(maxsize=cached_links)(self._read_link)

    def _unseal(self, text: str, host: str, purposes: tuple[Purpose, ...]) -> bytes:
        if not 0 < len(text) <= MAX_TOKEN_CHARS:
            raise Untrusted("length")
        known = self._known.get(host)
        if known is None:
            raise Untrusted("host")
        sealed = decode(text)
        purpose, decrypt, bound = known.get(sealed[:2]) or self._look_up(sealed[:2], host)
        if purpose not in purposes:
            raise Untrusted("purpose")
        try:
            return decrypt(sealed[2:], bound)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a synthetic IV
            raise Untrusted("seal") from None

    def _look_up(self, header: bytes, host: str) -> _Opener:
        """What opens tokens with this header on this host; there are few, so they are kept."""
        if len(header) < 2 or header[0] >> 4 != VERSION:
            raise Untrusted("version")
        if header[0] & 15 not in _PURPOSES:
            raise Untrusted("purpose")
        purpose = Purpose(header[0] & 15)
        sealer = self._keys.sealer(header[1], purpose)
        if sealer is None:
            raise Untrusted("slot")
        opener = self._known[host][header] = _Opener(purpose, sealer.decrypt, [header, host.encode("ascii")])
        return opener

    def message(self, text: str, host: str, *purposes: Purpose) -> MessageToken:
        """The copy that a message part names.

        Args:
            text: the part as it stands in the path.
            host: lower-case name of the host it was asked of.
            purposes: what the route accepts.

        Raises:
            Untrusted: it was not sealed by us, for this host and one of these purposes.
        """
        plain = self._unseal(text, host, purposes)
        try:
            modes, template, delivery, recipient, day = _MESSAGE.unpack(plain)
            return _make(MessageToken, (_modes(modes), template, delivery, recipient, _day(day)))
        except (struct_error, ValueError):
            raise Untrusted("layout") from None

    def reference(self, text: str, host: str) -> tuple[MessageToken, int]:
        """The copy that a reference names, and the number of the link that was followed in it.

        Raises:
            Untrusted: it was not sealed by us for this host.
        """
        plain = self._unseal(text, host, (Purpose.CLICK,))
        try:
            modes, template, delivery, recipient, day, link = _REFERENCE.unpack(plain)
            return MessageToken(_modes(modes), template, delivery, recipient, _day(day)), link
        except (struct_error, ValueError):
            raise Untrusted("layout") from None

    def link(self, text: str, host: str) -> LinkToken:
        """The link that a link part names.

        Raises:
            Untrusted: it was not sealed by us for this host.
        """
        return self._cached_link(text, host)

    def _read_link(self, text: str, host: str) -> LinkToken:
        plain = self._unseal(text, host, (Purpose.LINK,))
        try:
            flags, template, number = _LINK.unpack_from(plain)
            body = plain[_LINK.size :]
            target = _inflate(body) if flags & _DEFLATED else body
            return LinkToken(template, number, target.decode("utf-8"))
        except (struct_error, zlib.error, UnicodeDecodeError):
            raise Untrusted("layout") from None


class ReturnPaths:
    """Seals and reads envelope senders of one bounce domain (variable envelope return paths, VERP).

    Whoever knows one has had mail with it, so all that a forger can do with it is to report on himself.

    Args:
        rings: the keys that seal there, then those that did before.
        domain: the bounce domain.
    """

    def __init__(self, rings: Sequence[KeyRing], domain: str) -> None:
        self.domain = domain.lower()
        self._bound = [bytes((VERSION << 4 | Purpose.RETURN_PATH,)), self.domain.encode("ascii")]
        self._sealers = [
            sealer
            for ring in rings
            for slot in reversed(ring.slots)
            if (sealer := ring.sealer(slot, Purpose.RETURN_PATH))
        ]

    def address(self, token: MessageToken) -> str:
        """The envelope sender of one recipient's copy."""
        step = min((token.issued - EPOCH).days // _DAYS_PER_STEP, _LAST_STEP)
        marks = (token.modes.opens << 2 | token.modes.clicks) << 12 | step
        plain = _RETURN.pack(marks, token.template, token.delivery, token.recipient)
        sealed = base64.b32encode(self._sealers[0].encrypt(plain, self._bound))
        return f"b-{sealed.rstrip(b'=').decode('ascii').lower()}@{self.domain}"

    def read(self, address: str) -> MessageToken:
        """The copy that an envelope sender of ours names; its day is told to within four days, the earlier.

        Raises:
            Untrusted: it was not sealed by us for this domain.
        """
        local, _, domain = address.rpartition("@")
        found = _RETURN_PATH.match(local)
        if domain.lower() != self.domain or found is None:
            raise Untrusted("host" if found else "alphabet")
        sealed = base64.b32decode(found[1].upper() + "===")
        if base64.b32encode(sealed)[:61].decode("ascii") != found[1].upper():
            raise Untrusted("spelling")
        marks, template, delivery, recipient = _RETURN.unpack(self._open(sealed))
        try:
            modes = Modes(opens=Mode(marks >> 14), clicks=Mode(marks >> 12 & 3))
            return MessageToken(modes, template, delivery, recipient, _day((marks & _LAST_STEP) * _DAYS_PER_STEP))
        except ValueError:
            raise Untrusted("layout") from None

    def _open(self, sealed: bytes) -> bytes:
        for sealer in self._sealers:
            try:
                return sealer.decrypt(sealed, self._bound)
            except InvalidTag:
                continue
        raise Untrusted("seal")


@lru_cache(maxsize=256)
def _modes(value: int) -> Modes:
    return Modes.from_byte(value)


@lru_cache(maxsize=4096)
def _day(count: int) -> date:
    return EPOCH + timedelta(days=count)


#: Targets up to this length are packed with a small window: the same bytes come out, and the large one takes ten times
#: as long to set up as to use.
_SMALL_TARGET_BYTES = 1_000


def _deflate(data: bytes) -> bytes:
    window, memory = (-12, 4) if len(data) <= _SMALL_TARGET_BYTES else (-15, 8)
    packer = zlib.compressobj(9, zlib.DEFLATED, window, memory)
    return packer.compress(data) + packer.flush()


def _inflate(data: bytes) -> bytes:
    """Undo `_deflate`; only ever called on bytes that we sealed, and capped all the same."""
    return zlib.decompressobj(-15).decompress(data, MAX_TARGET_BYTES)
