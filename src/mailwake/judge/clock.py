"""When each copy was delivered: the one thing remembered after a delivery settled, because people read late.

Two numbers per delivery in flat arrays (open addressing), 27 bytes each: ten million are 270 MB as a table and would be
two gigabytes as a dictionary. Old entries go when the table grows.
"""

from __future__ import annotations

from array import array

from mailwake.events import SECOND, DeliveryId, Micros

#: People's clicks after this are so rare that a missing time does no harm: 99 % come within a week of delivery.
REMEMBERED = Micros(30 * 86_400 * SECOND)
#: Deliveries remembered at most; the older half goes.
MOST = 8_000_000
_FILL = 0.6


class DeliveryClock:
    """Maps a delivery to the time it was delivered, else sent.

    Args:
        most: deliveries remembered at most.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._newest = 0
        self._clear(1 << 10)

    def _clear(self, slots: int) -> None:
        self._mask = slots - 1
        self._keys = array("Q", bytes(8 * slots))
        #: microseconds, doubled, plus one if it is the time of `delivered`; 0 is an empty slot
        self._times = array("q", bytes(8 * slots))
        self._count = 0
        self._limit = min(_FILL * self._mask, self._most)

    def __len__(self) -> int:
        return self._count

    def _slot(self, delivery: int) -> int:
        keys, times, mask = self._keys, self._times, self._mask
        slot = (delivery ^ delivery >> 29) & mask
        while times[slot] and keys[slot] != delivery:
            slot = slot + 1 & mask
        return slot

    def set(self, delivery: DeliveryId, at: Micros, *, delivered: bool) -> bool:
        """Note a time. `delivered` beats `sent`; of two of one kind the earlier stays, in whatever order they come.

        Returns:
            Whether the answer of `get` changed.
        """
        if at <= 0:
            return False
        slot = self._slot(delivery)
        told, new = self._times[slot], at << 1 | delivered
        if told and (told & 1, -told) >= (new & 1, -new):
            return False
        self._times[slot] = new
        self._newest = max(self._newest, at)
        if not told:
            self._keys[slot] = delivery
            self._count += 1
            if self._count > self._limit:
                self._grow()
        return True

    def get(self, delivery: DeliveryId) -> Micros | None:
        """When it was delivered, else sent; None when neither is known any more."""
        told = self._times[self._slot(delivery)]
        return Micros(told >> 1) if told else None

    def _grow(self) -> None:
        oldest = self._newest - REMEMBERED
        kept = [(time, key) for time, key in zip(self._times, self._keys, strict=True) if time and time >> 1 >= oldest]
        if len(kept) > self._most:
            kept.sort(key=lambda each: each[0] >> 1)
            kept = kept[len(kept) - self._most // 2 :]
        slots = self._mask + 1
        while len(kept) > _FILL / 2 * slots:
            slots *= 2
        self._clear(slots)
        keys, times, mask = self._keys, self._times, self._mask
        for time, key in kept:  # as `_slot`, which would be called for every entry
            slot = (key ^ key >> 29) & mask
            while times[slot]:
                slot = slot + 1 & mask
            times[slot], keys[slot] = time, key
        self._count = len(kept)
