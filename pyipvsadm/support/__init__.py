"""What several verbs share: the typer application, options, signals, and what is remembered between two runs."""
