"""Letters tried against each other: who gets which, what came of it, which one wins, and what all of them taught."""
