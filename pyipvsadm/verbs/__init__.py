"""The modern verbs, each loaded when it's asked for."""
