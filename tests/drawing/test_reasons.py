"""Reasons as they were kept, in words that a marketer reads; what has no other words stays as it was said."""

from tests.every import every

from mailwake.drawing.figures import NBSP
from mailwake.drawing.reasons import readable


@every(
    ("kept", "shown"),
    [
        ("this network: 3% people at 1 other deliveries", f"this network: 3{NBSP}% people at 1 other delivery"),
        ("this network: 97% people at 21 other deliveries", f"this network: 97{NBSP}% people at 21 other deliveries"),
        (
            "this network came to 1 other deliveries, 0 of them at this domain",
            "this network came to 1 other delivery, 0 of them at this domain",
        ),
        ("asks for no language", "named no language, which people's browsers do"),
        ("44 s after delivery", "44 s after delivery"),
        ("mail program asks for no language 2.0", "mail program asks for no language 2.0"),
        ("", ""),
    ],
)
def test_a_reason_reads_well_whenever_it_was_kept(kept: str, shown: str) -> None:
    assert readable(kept) == shown
