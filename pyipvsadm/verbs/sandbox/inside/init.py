"""Inside: the first process. The kernel starts this file by its path, with `-I -S`."""

import sys

sys.path.append(__file__.removesuffix("/pyipvsadm/verbs/sandbox/inside/init.py"))  # last: we shadow nothing

if __name__ == "__main__":
    from pyipvsadm.verbs.sandbox.inside import session

    session.main()
