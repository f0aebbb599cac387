"""What other machines report about our mail: bounces, complaints, replies.

A notice is read from its bytes (`read.read_notice`), tied to a delivery by the sealed token in the mail that it
returns (`origin.Origins`), and only then becomes an event (`outcome.events_of`). A notice without such a token informs;
it never acts, because anybody can write one. What an address deserves is decided by the pipeline, not here.
"""
