"""Where a client goes: the kernel's schedulers, computed from a table and the list of connections. Pure."""
