"""Mail that came back and mail that answers, read from its bytes: kind, recipients, reasons.

`read.read_notice` is the way in. Nothing here trusts a mail, waits for anything or decides what an address deserves.
"""
