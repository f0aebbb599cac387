"""A recipient's own page: "What we know from your mail", reached from the preference page in their mail.

It shows and never writes; its buttons go to the edge, which alone takes choices. It is served by the process that owns
the stores, on a listener of its own, because the edge has no store.
"""
