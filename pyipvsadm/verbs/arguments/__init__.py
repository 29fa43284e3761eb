"""The arguments of verbs that have many: app.py has those of the others."""
