"""What a request narrows a list of people to: with what, from where, at which provider, in which hour."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from mailwake.people.there import There

_TEXT = {"max_length": 100}
Client = Annotated[str, Query(**_TEXT, description="Opened or clicked with this program; `unknown`: it is not known.")]
Device = Annotated[str, Query(**_TEXT, description="On this sort of device; `proxied`: a proxy hid it; `unknown`.")]
Country = Annotated[str, Query(**_TEXT, description="From this country, two letters; `proxied`, `unknown`.")]
Provider = Annotated[str, Query(max_length=260, description="At this mailbox provider; `others`: not told apart.")]
Hour = Annotated[str, Query(**_TEXT, description="In this hour of the week by the reader's clock, such as `tue-14`.")]


def there_of(
    *, client: Client = "", device: Device = "", country: Country = "", provider: Provider = "", hour: Hour = ""
) -> There:
    """What the query says."""
    return There(client=client, device=device, country=country, provider=provider, hour=hour)


Narrowed = Annotated[There, Depends(there_of)]
