"""What a refusal means for the address: a cause from the words, and what follows from the cause. Pure."""
