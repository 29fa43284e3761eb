"""`sandbox`: runs one command in a throw-away kernel with IPVS, in user space.

Outside the sandbox, `host` runs it: `images` finds the kernel, `uml` boots it under the supervision of `keeper`, and
`relay` and `caller_terminal` pass on the caller's streams. Inside, the first process is `inside/init`: `guest` sets up
the file systems, `session` serves the command, and `started_command` starts it. Both sides exchange `frames`.
`running_kernel` is for `--kernel host`.

The modules in `inside`, and `frames`, run within the sandbox, where an import takes ten times as long as outside. So
they use built-in modules, and this file contains no code.
"""
