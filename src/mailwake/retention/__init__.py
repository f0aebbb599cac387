"""How long what is known of people is kept: what would go, shown before it goes, and gone every night."""
