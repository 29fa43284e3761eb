"""Inside: the first process. The kernel starts Python with `-I -S` and the path of this file."""

import sys

sys.path.append(__file__.removesuffix("/pyipvsadm/verbs/sandbox/inside/init.py"))  # last: it hides nothing

if __name__ == "__main__":
    from pyipvsadm.verbs.sandbox.inside import session

    session.main()
