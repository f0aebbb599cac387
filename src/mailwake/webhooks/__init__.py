"""What ESPs report: verified on the raw bytes, logged as it came, and only then answered and read.

One file per ESP, each with `verify`, the map of its event names with their source, and `read`. `call` is what comes in,
`told` what is made of it, `proofs` the ways to prove a call, `fields` reads values of any type without trusting them,
`reporting` turns what was told into events, `server` answers over HTTP.
What comes by way of a queue is taken by the room `queues`, through the same code.
"""
