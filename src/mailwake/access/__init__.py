"""Who may see and change what: accounts, roles, sessions, keys of programs, and how often somebody may try."""
