"""Labelled streams of hits for judging the judge: who did what is known, because it was made up here.

A world is drawn from wide ranges: its people, its scanners, what its hits tell of themselves, how much of it is
machines. The judge never reads anything of this room; it sees the exchange format and nothing else.
"""
