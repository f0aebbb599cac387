"""Telling other programs what happens: webhooks out, signed, in order, nothing lost, corrected when verdicts change."""
