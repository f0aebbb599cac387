"""What was stored, judged again: learning after a restart, replays with other rules, weights fitted to it.

Reads evidence back from the event store and gives it to a judge. Listens to nothing and shows nothing.
"""
