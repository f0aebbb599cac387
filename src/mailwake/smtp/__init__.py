"""Hands a message to the next server, every byte as it is, and tells on which side of the final dot it was lost."""
