"""One database for accounts, studies and jobs: SQLite, or PostgreSQL by its URL."""
