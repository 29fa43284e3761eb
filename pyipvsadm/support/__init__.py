"""Code that several verbs share: the typer application, options, signals, and state kept between runs."""
