"""Which DKIM signatures of a message hold, how well, and what DMARC makes of it; signs nothing."""
