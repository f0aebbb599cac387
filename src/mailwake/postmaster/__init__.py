"""What mailbox providers tell senders, read: DMARC aggregate reports, and the figures of their pages for senders.

All of it comes from strangers or by way of them: archives and XML are opened within limits, nothing of them is
believed but what stands in the right place, and nothing acts on it. Whoever can mail the address in your DMARC record
can write a report; nobody signs them.
"""
