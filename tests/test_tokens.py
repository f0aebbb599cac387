"""Sealed links: what is minted is read, and nothing else is."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import BadInput, Misconfigured, Untrusted
from mailwake.hosts import HostReader
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.tokens import (
    EPOCH,
    MAX_LINK_NUMBER,
    MAX_TARGET_BYTES,
    KeyRing,
    LinkToken,
    MessageToken,
    Minter,
    Purpose,
    TokenReader,
    decode,
    encode,
    format_key,
    new_key,
    parse_keys,
)

HOST = "track.example.com"
#: a published key, which is what tests are for
KEY = bytes(range(32))
RING = KeyRing({1: KEY})
MINTER = Minter(RING, HOST)
READER = TokenReader(RING, [HOST])
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "golden_tokens.json").read_text(encoding="utf-8"))
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

ids = st.integers(0, 2**64 - 1)
messages = st.builds(
    MessageToken,
    st.builds(Modes, opens=st.sampled_from(Mode), clicks=st.sampled_from(Mode)),
    st.integers(0, 2**32 - 1),
    ids,
    ids,
    st.integers(0, 65_535).map(lambda days: EPOCH + timedelta(days=days)),
)
links = st.builds(LinkToken, st.integers(0, 2**32 - 1), st.integers(0, MAX_LINK_NUMBER), st.text(max_size=300))
purposes = st.sampled_from([Purpose.READ, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY])

ONE = MessageToken(INDIVIDUAL, 7, 11, 13, date(2026, 11, 23))


def refusal(text: str, host: str = HOST, *wanted: Purpose, reader: TokenReader = READER) -> str:
    with pytest.raises(Untrusted) as caught:
        reader.message(text, host, *(wanted or (Purpose.READ,)))
    return caught.value.reason


@given(messages, purposes)
def test_what_a_message_part_seals_is_read_again(token: MessageToken, purpose: Purpose) -> None:
    assert READER.message(MINTER.message(purpose, token), HOST, purpose) == token


@given(links)
def test_what_a_link_part_seals_is_read_again(token: LinkToken) -> None:
    assert READER.link(MINTER.link(token), HOST) == token


@given(messages)
def test_sealing_again_gives_the_same_bytes(token: MessageToken) -> None:
    assert MINTER.message(Purpose.READ, token) == Minter(RING, HOST).message(Purpose.READ, token)


@given(messages)
def test_a_message_part_is_55_characters_and_needs_no_escaping(token: MessageToken) -> None:
    text = MINTER.message(Purpose.READ, token)
    assert len(text) == 55
    assert set(text) <= set(BASE64URL)


def flipped(text: str) -> Iterator[str]:
    raw = decode(text)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        yield encode(bytes(changed))


def test_no_message_part_with_one_bit_flipped_is_believed() -> None:
    for text in flipped(MINTER.message(Purpose.READ, ONE)):
        with pytest.raises(Untrusted):
            READER.message(text, HOST, Purpose.READ)


def test_no_link_part_with_one_bit_flipped_is_believed() -> None:
    for text in flipped(MINTER.link(LinkToken(7, 3, "https://www.example.com/a/rather/long/path?with=a&query=string"))):
        with pytest.raises(Untrusted):
            READER.link(text, HOST)


@given(st.text(max_size=80) | st.text(BASE64URL, max_size=80))
def test_a_stranger_s_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(Untrusted):
        READER.message(text, HOST, Purpose.READ)
    with pytest.raises(Untrusted):
        READER.link(text, HOST)


#: What gateways and careless programs put into addresses.
JUNK = ("=", "+", "/", "%41", " ", "\n", "\x00", "é", "A")


def mutated(texts: list[str], steps: list[tuple[int, int, int, int]]) -> str:
    """A genuine part with some of it changed: in its bytes, in its spelling, or put together from several."""
    text = texts[0]
    for kind, which, first, second in steps:
        other, place = texts[which % len(texts)], first % (len(text) + 1)
        end = min(len(text), place + second % 9)
        if kind == 0:  # bits of the sealed bytes
            text = spell(changed(unspell(text), first, second % 255 + 1))
        elif kind == 1:  # another header, IV or body
            cut = (1, 2, 18)[first % 3]
            text = spell(unspell(other)[:cut] + unspell(text)[cut:])
        elif kind == 2:  # bytes cut off or put on
            text = spell(unspell(text)[: first % 80] + bytes(second % 4))
        elif kind == 3:  # characters cut out, doubled or exchanged
            text = text[:place] + ("", text[place:end] * 2, other[place:end])[second % 3] + text[end:]
        elif kind == 4:  # characters put in
            text = text[:place] + JUNK[second % len(JUNK)] + text[place:]
        elif kind == 5:  # the case of letters
            text = text[:place] + text[place:].swapcase()
        else:  # two parts as one
            text = text[:place] + other[place:]
    return text


def unspell(text: str) -> bytes:
    """Bytes of a text that need not be a token any more."""
    kept = re.sub(r"[^\w-]", "", text, flags=re.ASCII)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    return base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)) or b"\x11"


def spell(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def changed(raw: bytes, place: int, mask: int) -> bytes:
    place %= max(1, len(raw))
    return raw[:place] + bytes((raw[place] ^ mask,)) + raw[place + 1 :]


OTHER_HOST = "links.brand.example"
ROTATED = KeyRing({1: KEY, 2: b"\xfe" * 32})
READERS: dict[str, TokenReader | HostReader] = {
    "one host": TokenReader(ROTATED, [HOST, OTHER_HOST]),
    "several hosts": HostReader(
        {
            HOST: [TokenReader(ROTATED, [HOST])],
            OTHER_HOST: [TokenReader(ROTATED.for_host(OTHER_HOST), [OTHER_HOST]), TokenReader(ROTATED, [OTHER_HOST])],
        }
    ),
}
TWO = ONE._replace(template=8, delivery=12, recipient=14)
#: Text to what it says, and for which purpose; sealed with both keys for one host.
MESSAGES = {
    minter.message(purpose, token): (purpose, token)
    for minter in (MINTER, Minter(ROTATED, HOST))
    for purpose in (Purpose.READ, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY)
    for token in (ONE, TWO)
}
LINKS = {
    minter.link(token): token
    for minter in (MINTER, Minter(ROTATED, HOST))
    for token in (
        LinkToken(7, 1, "https://a.example/"),
        LinkToken(8, 2, "https://b.example/" + "long/" * 40),
        LinkToken(7, 3, ""),
    )
}


def said(read: Callable[[], MessageToken | LinkToken]) -> MessageToken | LinkToken | None:
    try:
        return read()
    except Untrusted:
        return None


def check(text: str) -> None:
    """A text is one that we sealed, and then says what it said where it was meant to, or it is refused."""
    sealed_for, token = MESSAGES.get(text, (None, None))
    for host in (HOST, OTHER_HOST, ""):
        for reader in READERS.values():
            for purpose in (Purpose.READ, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY):
                wanted = token if (sealed_for, host) == (purpose, HOST) else None
                assert said(partial(reader.message, text, host, purpose)) == wanted
            assert said(partial(reader.link, text, host)) == (LINKS.get(text) if host == HOST else None)


numbers = st.integers(0, 1_000)
mutants = st.builds(
    mutated,
    st.permutations([*MESSAGES, *LINKS]),
    st.lists(st.tuples(st.integers(0, 6), numbers, numbers, numbers), min_size=1, max_size=3),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutants)
def test_no_mutation_of_a_token_says_anything(text: str) -> None:
    check(text)


@pytest.mark.long
@settings(max_examples=50_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutants)
def test_no_mutation_of_a_token_says_anything_over_a_long_run(text: str) -> None:
    check(text)


def test_the_checker_of_mutations_knows_the_genuine_ones() -> None:
    """A check that took everything for refused would prove nothing."""
    for reader in READERS.values():
        for text, (purpose, token) in MESSAGES.items():
            check(text)
            assert reader.message(text, HOST, purpose) == token
        for text, link in LINKS.items():
            check(text)
            assert reader.link(text, HOST) == link


@given(st.binary(max_size=80), st.sampled_from([bytes((1 << 4 | purpose, 1)) for purpose in Purpose]))
def test_no_bytes_behind_a_genuine_header_say_anything(body: bytes, header: bytes) -> None:
    for reader in READERS.values():
        with pytest.raises(Untrusted):
            reader.message(encode(header + body), HOST, Purpose.READ, Purpose.UNSUBSCRIBE_HEADER)
        with pytest.raises(Untrusted):
            reader.link(encode(header + body), HOST)


def aliases(text: str) -> Iterator[str]:
    """Other spellings that lenient decoders take for the same bytes."""
    last = BASE64URL.index(text[-1])
    for low in range(1, 4):  # the final character of 55 carries two bits that mean nothing
        yield text[:-1] + BASE64URL[last ^ low]
    for junk in "! \n\r\t=%.~é\x00":
        yield text[:20] + junk + text[20:]
        yield text + junk
        yield junk + text
    yield text + "="
    yield text + "===="
    yield text + "=AAAA"
    yield text.replace("-", "+").replace("_", "/") if "-" in text or "_" in text else text + "+"


def test_every_token_has_one_spelling() -> None:
    for delivery in range(40):
        text = MINTER.message(Purpose.READ, ONE._replace(delivery=delivery))
        for alias in aliases(text):
            with pytest.raises(Untrusted):
                READER.message(alias, HOST, Purpose.READ)


@every("text", ["", "A", "AB", "AQ", "AQE", "AAAA", "EQ", "EQE"])
def test_what_is_too_short_for_a_token_is_refused(text: str) -> None:
    with pytest.raises(Untrusted):
        READER.message(text, HOST, Purpose.READ)


def test_what_is_too_long_for_a_token_is_not_even_decoded() -> None:
    assert refusal("A" * 30_000) == "length"


def test_a_token_is_worthless_on_another_host() -> None:
    text = MINTER.message(Purpose.READ, ONE)
    both = TokenReader(RING, [HOST, "click.example.com"])
    assert refusal(text, "click.example.com", reader=both) == "seal"
    assert refusal(text, "elsewhere.example.com", reader=both) == "host"


def test_the_case_of_the_host_does_not_matter_when_minting() -> None:
    text = Minter(RING, "Track.Example.COM").message(Purpose.READ, ONE)
    assert READER.message(text, HOST, Purpose.READ) == ONE


@every("minted", [Purpose.READ, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY])
@every("wanted", [Purpose.READ, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY])
def test_a_token_serves_its_own_purpose_only(minted: Purpose, wanted: Purpose) -> None:
    text = MINTER.message(minted, ONE)
    if minted is wanted:
        assert READER.message(text, HOST, wanted) == ONE
    else:
        assert refusal(text, HOST, wanted) == "purpose"


def test_relabelling_a_token_for_another_purpose_breaks_its_seal() -> None:
    raw = bytearray(decode(MINTER.message(Purpose.READ, ONE)))
    raw[0] = raw[0] & 0xF0 | Purpose.UNSUBSCRIBE_BODY
    assert refusal(encode(bytes(raw)), HOST, Purpose.UNSUBSCRIBE_BODY) == "seal"


def test_a_link_part_is_no_message_part_and_the_other_way_round() -> None:
    assert refusal(MINTER.link(LinkToken(7, 1, "https://example.com/"))) == "purpose"
    with pytest.raises(Untrusted):
        READER.link(MINTER.message(Purpose.READ, ONE), HOST)


def test_a_slot_that_we_do_not_have_is_refused() -> None:
    assert refusal(Minter(KeyRing({2: KEY}), HOST).message(Purpose.READ, ONE)) == "slot"


def test_a_token_of_another_installation_is_refused() -> None:
    assert refusal(Minter(KeyRing({1: b"\xff" * 32}), HOST).message(Purpose.READ, ONE)) == "seal"


def test_after_rotation_the_new_key_seals_and_the_old_one_still_reads() -> None:
    rotated = KeyRing({1: KEY, 2: b"\xff" * 32})
    reader = TokenReader(rotated, [HOST])
    old, new = MINTER.message(Purpose.READ, ONE), Minter(rotated, HOST).message(Purpose.READ, ONE)
    assert decode(new)[1] == 2
    assert old != new
    assert [reader.message(text, HOST, Purpose.READ) for text in (old, new)] == [ONE, ONE]


def test_keys_of_different_labels_and_slots_are_unrelated() -> None:
    ring = KeyRing({1: KEY, 2: b"\xff" * 32})
    assert len({ring.derive("a"), ring.derive("b"), ring.derive("a", slot=2)}) == 3
    assert ring.derive("a") == ring.derive("a", slot=1)


def test_a_key_ring_shows_its_slots_and_never_a_key() -> None:
    assert repr(KeyRing({1: KEY, 9: KEY})) == "KeyRing(slots=[1, 9])"


def test_a_link_with_an_endless_target_is_not_sealed() -> None:
    with pytest.raises(BadInput, match="untracked"):
        MINTER.link(LinkToken(7, 1, "https://example.com/" + "a" * MAX_TARGET_BYTES))
    with pytest.raises(BadInput, match="65535"):
        MINTER.link(LinkToken(7, MAX_LINK_NUMBER + 1, "https://example.com/"))


def test_the_longest_target_comes_back_whole() -> None:
    token = LinkToken(7, 1, "https://example.com/".ljust(MAX_TARGET_BYTES, "a"))
    assert READER.link(MINTER.link(token), HOST) == token


def test_a_long_target_is_shorter_when_sealed_than_when_written_out() -> None:
    target = "https://www.example.com/list?" + "&".join(f"utm_parameter{n}=newsletter" for n in range(20))
    assert len(MINTER.link(LinkToken(7, 1, target))) < len(target)


@every("golden", GOLDEN["messages"], ids=lambda each: each["text"][:12])
def test_golden_message_parts_are_read_for_ever(golden: dict[str, Any]) -> None:
    reader = TokenReader(KeyRing({int(slot): bytes.fromhex(key) for slot, key in GOLDEN["keys"].items()}), [HOST])
    token = reader.message(golden["text"], GOLDEN["host"], Purpose(golden["purpose"]))
    assert token == MessageToken(
        Modes.from_byte(golden["modes"]),
        golden["template"],
        golden["delivery"],
        golden["recipient"],
        date.fromisoformat(golden["issued"]),
    )


@every("golden", GOLDEN["links"], ids=lambda each: each["text"][:12])
def test_golden_link_parts_are_read_for_ever(golden: dict[str, Any]) -> None:
    reader = TokenReader(KeyRing({int(slot): bytes.fromhex(key) for slot, key in GOLDEN["keys"].items()}), [HOST])
    token = reader.link(golden["text"], GOLDEN["host"])
    assert token == LinkToken(golden["template"], golden["number"], golden["target"])


@pytest.mark.parametrize("golden", GOLDEN["references"], ids=lambda each: each["text"][:12])
def test_golden_references_are_read_for_ever(golden: dict[str, Any]) -> None:
    reader = TokenReader(KeyRing({int(slot): bytes.fromhex(key) for slot, key in GOLDEN["keys"].items()}), [HOST])
    token, link = reader.reference(golden["text"], GOLDEN["host"])
    issued = date.fromisoformat(golden["issued"])
    modes = Modes.from_byte(golden["modes"])
    assert token == MessageToken(modes, golden["template"], golden["delivery"], golden["recipient"], issued)
    assert link == golden["link"]


@given(messages, st.integers(0, MAX_LINK_NUMBER))
def test_a_reference_tells_its_copy_and_link_again_and_is_nothing_else(token: MessageToken, link: int) -> None:
    keys = KeyRing({1: bytes(range(32))})
    text = Minter(keys, HOST).reference(token, link)
    reader = TokenReader(keys, [HOST, "other.example.com"])
    assert reader.reference(text, HOST) == (token, link)
    for read in (
        lambda: reader.reference(text, "other.example.com"),
        lambda: reader.message(text, HOST, Purpose.READ, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY),
        lambda: reader.link(text, HOST),
    ):
        with pytest.raises(Untrusted):
            read()


def test_the_cipher_is_the_one_of_rfc_5297() -> None:
    """RFC 5297, appendix A.1: deterministic authenticated encryption."""
    key = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    data = bytes.fromhex("101112131415161718191a1b1c1d1e1f2021222324252627")
    plain = bytes.fromhex("112233445566778899aabbccddee")
    sealed = bytes.fromhex("85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c")
    assert AESSIV(key).encrypt(plain, [data]) == sealed


def test_the_cipher_takes_several_associated_strings_as_rfc_5297_says() -> None:
    """RFC 5297, appendix A.2: nonce-based, with three strings beside the text."""
    key = bytes.fromhex("7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f")
    beside = [
        bytes.fromhex("00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100"),
        bytes.fromhex("102030405060708090a0"),
        bytes.fromhex("09f911029d74e35bd84156c5635688c0"),
    ]
    plain = bytes.fromhex(
        "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553"
    )
    sealed = bytes.fromhex(
        "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d"
    )
    assert AESSIV(key).encrypt(plain, beside) == sealed


def test_a_key_file_is_read_as_it_was_written() -> None:
    first, second = new_key(), new_key()
    ring = parse_keys(
        "# keys\n" + format_key(1, first, date(2026, 1, 1)) + "\n" + format_key(2, second, date(2026, 2, 1))
    )
    assert ring.slots == (1, 2)
    assert ring.newest == 2
    assert ring.derive("x", slot=2) == KeyRing({2: second}).derive("x")


@every(
    ("text", "problem"),
    [
        ("", "no key"),
        ("# nothing\n", "no key"),
        ("1 AAAA\n", "3 bytes"),
        ("1\n", "line 1"),
        ("one " + encode(bytes(range(1, 33))) + "\n", "line 1"),
        ("256 " + encode(bytes(range(1, 33))) + "\n", "256"),
        ("1 !!!\n", "line 1"),
        ("1 " + encode(bytes(range(1, 33))) + "\n1 " + encode(bytes(range(2, 34))) + "\n", "twice"),
        ("1 " + encode(bytes(32)) + "\n", "published"),
        ("1 " + encode(KEY) + "\n", "published"),
        ("1 " + encode(b"mailwake sample key: never use!!") + "\n", "published"),
    ],
)
def test_keys_that_must_not_seal_mail_stop_the_start(text: str, problem: str) -> None:
    with pytest.raises(Misconfigured, match=problem):
        parse_keys(text)
