"""What a filter, a mailbox provider and a reader will find wrong with a message that is about to leave.

Works on the exact bytes. Every finding has a code, a line of the message and a mend; what the codes mean stands in
`rules.toml`. What cannot be looked at from here is said to be unknown, and is no finding. Nothing is changed or sent.
"""
