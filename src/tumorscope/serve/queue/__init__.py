"""Jobs that wait in the database: leased, never lost, finished once."""
