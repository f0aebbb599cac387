"""Requests to URLs that somebody else wrote down: to public addresses alone, short, and never for ever.

Links of mail, their redirects and webhooks lead wherever a stranger wants. Every name is looked up once and the
connection goes to the address that was checked; every hop is checked like the first; time and bytes have an end. What
the answers mean is for others to say.
"""
