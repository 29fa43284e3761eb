"""`sandbox`: runs one command in a throw-away kernel with IPVS, in user space.

Outside, `host` boots the kernel (`images` finds it, `uml` starts it under the eyes of `keeper`) and relays
the caller's streams (`relay`, `terminal`). In `inside`, the kernel's first process is `init`: it lays out the files
(`guest`) and serves the command (`session`). Both sides speak `frames`. `running_kernel` is `--kernel host`.

What lies in `inside`, and `frames`, starts within the sandbox, where an import costs ten times as much as outside:
it takes built-in modules, and this file stays empty.
"""
