"""Where even a large change would go unseen, that is said, and "no change" is not."""

from mailwake.deliverability.turns import would_find


def test_what_could_not_be_noticed_is_told_apart_from_what_did_not_happen() -> None:
    often, rare = [(8, 400)] * 24, [(1, 400), (0, 400), (1, 400), (1, 400)] * 6
    assert would_find(often, [400] * 6, falls=False)
    assert not would_find(often, [400] * 6, falls=False, times=1.1)
    assert not would_find(rare, [400] * 6, falls=False)
    assert would_find(rare, [400] * 12, falls=False, times=10), "a larger one would be"
    assert would_find([(80, 400)] * 24, [400] * 6, falls=True)
    assert not would_find([(2, 400)] * 24, [400] * 2, falls=True)
