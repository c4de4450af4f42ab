"""The service: a page and an API over one bundle. Research use only."""
