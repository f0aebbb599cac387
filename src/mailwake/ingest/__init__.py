"""The ways in for bounces, complaints and replies: listener, mailbox, files, pipe.

A notice is read by the room `notices`, tied to a delivery by the sealed token in the mail that it returns
(`origin.Origins`), and only then becomes an event (`outcome.events_of`). A notice without such a token informs; it
never acts, because anybody can write one. What an address deserves is decided by the pipeline, not here.
"""
