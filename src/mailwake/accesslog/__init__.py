"""Access logs of servers that gave out the pixel in our place: nginx, CloudFront, Fastly, and their like.

A line becomes a `Hit`: a request, its host and its time, with everything the log does not hold left unknown. What may
be recorded of it is not decided here; the edge's own rules are handed in as a function (`intake.Replay`).
"""
