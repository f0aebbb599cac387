"""Who did what, when and for whom: one guard writes it down, anybody can check that nothing was changed since.

`log` is the only producer of lines; `watching` calls it for requests, `cli.acting` for commands. `anchors` puts hashes
where whoever changes the database does not reach them, `checking` finds the first line that is not what it was.
"""
