"""From the outbox to the org: planned, sent, taken back, repaired; by hand or by the clock."""
