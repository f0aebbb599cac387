"""What people said about being watched: taken in by rule, proved, asked again not too soon; changes no mail by itself.

words        methods, and what a proof may hold
statements   what somebody is said to have said, weighed against what holds
files        such statements as CSV, in and out
standing     all about one recipient: what holds, since when, on whose word, and from when on they may be asked again
proof        the same to hand out: JSON, and a page that anybody can read
verifying    the chain of the ledger, gone through
"""
