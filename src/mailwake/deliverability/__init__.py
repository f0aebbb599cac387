"""How mail fares at each mailbox provider: what is taken, put off and refused there, and when that got worse."""
