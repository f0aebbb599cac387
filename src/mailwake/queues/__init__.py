"""What ESPs report by way of a queue: taken out when the log has it, and not before.

`sqs` opens a queue of Amazon's and says what is wrong with it, `poller` empties one into the log until told to stop.
Who proves what, and what is read from it, is decided in the room `webhooks`, by the same code as for calls over HTTP.
"""
