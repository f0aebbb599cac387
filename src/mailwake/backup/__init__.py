"""All of an installation as files elsewhere, taken while it runs, checked, and put back into an empty folder.

`taking.take` copies in an order that makes the parts fit: the event store first, then the log, then the state. What the
log has beyond the event store is taken in again after a restore, and the state knows everybody that either names.
`restoring.restore` then forgets again whom the file beside the data says to forget.
"""
