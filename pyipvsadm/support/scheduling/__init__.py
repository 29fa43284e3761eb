"""Clients of the services in a table: where the schedulers send them, and what changes do to that."""
