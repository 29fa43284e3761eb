"""The model to netlink bytes, and back. Pure: nothing here opens a socket."""
