"""Merge and send: a letter and a list of people become one message each, handed over at a rate, resumable."""
