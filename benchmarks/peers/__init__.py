"""What the edge is measured against besides nginx: what a user would run instead, each with PostgreSQL behind it."""
