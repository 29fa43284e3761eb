"""The benchmark: ipvsadm and pyipvsadm in turn, on one kernel. `python -m tests.bench --help`."""
