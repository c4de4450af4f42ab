"""Who may do what: accounts, sessions, tokens, roles, limits and headers."""
