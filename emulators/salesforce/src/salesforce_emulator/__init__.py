"""A Salesforce org on loopback, for tests: what its APIs answer, as far as that was recorded or is documented.

It knows nothing of the product that it tests, and the product nothing of it. What is not emulated is answered
with 501 and kept, never guessed. `LEDGER.md` says for each behaviour where it was taken from and which test holds it.

    clock ids values        time, record ids, values of fields
    schema written data/    objects and fields: recorded, written after the reference, deployed
    tables snapshot         records in memory, what was taken back, the whole org as JSON
    access locks usage      who sees what, who waits for whom, how many requests are left
    saving rules derived duplicates people transactions
                            one row, a customer's rules, fields the org works out, leads and merges, many rows
    soql/                   queries
    calls gate resources    a request, the way in, all resources
    describe rows listviews batches queries composite limits bulk bulkquery metadata components consent auth
                            the resources, one file each
    admin faults mutations  what tests order
    server                  sockets
"""

from .org import Org, Settings
from .server import Emulator

__all__ = ["Emulator", "Org", "Settings"]
