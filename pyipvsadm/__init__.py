"""Administer the Linux virtual server (IPVS)."""

__version__ = "0.1.0"
