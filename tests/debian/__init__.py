"""Builds the Debian package, and tries it in fresh roots."""
