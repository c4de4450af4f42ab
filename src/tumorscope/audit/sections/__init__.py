"""The checks of an audit as sections of its page, and the audit on a report's page."""
