"""Who left the list, and whether a machine did it for them: held, shown, applied or taken back.

Nobody stays unsubscribed because a scanner pressed a button, and nobody stays subscribed who asked to leave. A
one-click unsubscription (RFC 8058) is a person's and is never held.
"""
