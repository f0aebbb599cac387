"""The pages of accounts: log-in, one's own account, sessions, keys of programs, and colleagues."""
