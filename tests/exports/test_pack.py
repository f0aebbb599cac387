"""A pack proves its figures to somebody else, and nothing in it can be changed, or does harm, unseen."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.exports.conftest import NOW

from mailwake.errors import BadInput
from mailwake.exports import pack, reading
from mailwake.exports.counting import counted
from mailwake.exports.pack import EVENTS, MANIFEST, Maker, make_pack, public_text, signing_key
from mailwake.exports.verify import public_key_of, verify
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores
from mailwake.tokens import KeyRing

KEY = signing_key(KeyRing({1: bytes(range(100, 132))}))
PUBLIC = public_key_of(public_text(KEY))
MAKER = Maker(key=KEY, rules=lambda name: f"name = '{name}'\n".encode())


@pytest.fixture(scope="module")
def packed(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pack") / "crowd.zip"
    make_pack(stores, find(stores, "Crowd"), path, MAKER)
    return path


def rewritten(packed: Path, path: Path, change: dict[str, bytes | None], **how: Any) -> Path:
    """The pack with other entries; None leaves one out."""
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(path, "w", **how) as new:
        for name in old.namelist():
            content = change.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name in set(change) - set(old.namelist()):
            new.writestr(name, change[name] or b"")
    return path


def test_another_installation_counts_the_same_figures(stores: Stores, packed: Path) -> None:
    found = verify(packed, PUBLIC)
    assert found.campaign == "Crowd"
    assert found.differences == ()
    assert found.same_definitions
    report = campaign_report(stores, find(stores, "Crowd"))
    assert found.checked >= len(report.rates) - 1 + 10
    assert found.events > 600


def test_the_same_data_give_the_same_bytes_whatever_the_batches(
    stores: Stores, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 11)
    make_pack(stores, find(stores, "Crowd"), tmp_path / "again.zip", MAKER)
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_nobody_can_be_told_by_a_pack(stores: Stores, packed: Path) -> None:
    content = packed.read_bytes()
    handles = stores.state.handles([f"reader{number}.of1@example.com" for number in range(300)], now=NOW)
    for address, handle in handles.items():
        assert address.encode() not in content
        assert str(handle).encode() not in content
    assert b"no such user" not in content


def test_what_the_maker_claims_and_the_data_do_not_say_is_told(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the key can sign a lie; counting again finds it."""
    honest = counted

    def boasting(file: Any) -> Any:
        told = honest(file)
        told.rates[0]["count"] += 1
        return told

    monkeypatch.setattr(pack, "counted", boasting)
    make_pack(stores, find(stores, "Crowd"), tmp_path / "lie.zip", MAKER)
    (difference,) = verify(tmp_path / "lie.zip", PUBLIC).differences
    assert difference.claimed["count"] == difference.found["count"] + 1


def test_another_key_is_refused(packed: Path) -> None:
    with pytest.raises(BadInput, match="signature does not hold"):
        verify(packed, Ed25519PrivateKey.generate().public_key())
    with pytest.raises(BadInput, match="no public key"):
        public_key_of("AAAA")


def test_what_was_changed_added_or_taken_away_is_refused(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        events, manifest = archive.read(EVENTS), archive.read(MANIFEST)
    path = tmp_path / "bad.zip"
    changes: tuple[tuple[dict[str, bytes | None], str], ...] = (
        ({EVENTS: events.replace(b"human", b"mpp", 1)}, "its hash is another"),
        ({MANIFEST: manifest.replace(b'"rate"', b'"rate" ')}, "signature does not hold"),
        ({EVENTS: None}, "lacks data/events.csv"),
        ({"rulesets/other.toml": b"x"}, "not those that its manifest names"),
        ({"../../etc/passwd": b"x"}, "no pack of ours holds"),
        ({"rulesets/../../x.toml": b"x"}, "no pack of ours holds"),
        ({"/etc/passwd": b"x"}, "no pack of ours holds"),
    )
    for change, said in changes:
        with pytest.raises(BadInput, match=said):
            verify(rewritten(packed, path, change), PUBLIC)
    with pytest.raises(BadInput, match="is compressed"):  # so no bomb can be in it
        verify(rewritten(packed, path, {EVENTS: b"0" * 10_000_000}, compression=zipfile.ZIP_DEFLATED), PUBLIC)
    with zipfile.ZipFile(path, "w") as twice:
        twice.writestr(EVENTS, b"a")
        with pytest.warns(UserWarning, match="Duplicate"):
            twice.writestr(EVENTS, b"b")
    with pytest.raises(BadInput, match="one twice"):
        verify(path, PUBLIC)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hurt=st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7), st.booleans()))
def test_no_damaged_byte_gets_through(packed: Path, tmp_path: Path, hurt: tuple[float, int, bool]) -> None:
    place, bit, cut = hurt
    content = bytearray(packed.read_bytes())
    at = int(place * len(content))
    if cut:
        del content[at:]
    else:
        content[at] ^= 1 << bit
    (tmp_path / "hurt.zip").write_bytes(content)
    try:
        found = verify(tmp_path / "hurt.zip", PUBLIC)
    except BadInput:
        return
    # A date, a right or a remark of the archive itself was hit: what it holds is what was signed.
    assert found.differences == ()
    assert zipfile.ZipFile(io.BytesIO(content)).read(EVENTS) == zipfile.ZipFile(packed).read(EVENTS)
