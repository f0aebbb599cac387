"""What people said about being watched, in which words they were asked, and the chain that keeps it from being changed.

The same database as the state store, and methods of it: import `StateStore` from `mailwake.store.state`.
"""

import mailwake.store.state  # noqa: F401 - whoever comes here first loads that first: each is made of the other
