"""What travels between page and service."""
