"""The outside world, for the demo and for tests: a mail server, its mailboxes, and the crowd that reads them.

It talks HTTP and SMTP and sees nothing else of us: a link is whatever stands in the mail. What people and machines
really did is written down here, so that what Mailwake makes of it can be held against it.
"""
