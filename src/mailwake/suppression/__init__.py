"""Who may no longer be mailed because mail comes back: counted, quoted, and taken back where it was no fault of theirs.

A false suppression loses a reader without a sound, a missed one costs one more bounce; so doubt never suppresses.
"""
