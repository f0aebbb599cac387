"""What human clicks earned: goals reached, credited to links, variants, campaigns, segments; and against a holdout."""
