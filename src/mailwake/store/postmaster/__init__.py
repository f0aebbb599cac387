"""What mailbox providers told of our mail: DMARC aggregate reports, and figures of their pages for senders.

The same database as the state store, and methods of it: import `StateStore` from `mailwake.store.state`.
"""

import mailwake.store.state  # noqa: F401 - whoever comes here first loads that first: each is made of the other
