"""Events become facts and states: a list of named steps, and the worker that takes the log through them.

`steps.STEPS` is the list; reading it is reading the room. `worker.Worker` reads the log, runs the steps over a batch
and stores the outcome together with the cursors. Nothing here listens, sends or shows.
"""
