"""Administer the Linux virtual server (IPVS), from Python as from the command line.

The names below are loaded on first use, so importing the package costs nothing. `Kernel.open()`
reaches the kernel, its `table()` reads the whole table, and `make_plan` returns the ordered steps
that lead from one Table to another; `submit` carries out their commands.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .kernel import Kernel
    from .model import Daemon, Server, Service, Table, Timeouts
    from .table.plan import make_plan

__all__ = ["Daemon", "Kernel", "Server", "Service", "Table", "Timeouts", "make_plan"]
__version__ = "0.1.0"

_HOMES = {"Kernel": "kernel", "make_plan": "table.plan"}  # the module of a name; of all others, `model`

if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name):
        """A name of `__all__`, loaded on first use (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = f"{__name__}.{_HOMES.get(name, 'model')}"
        value = globals()[name] = getattr(__import__(home, fromlist=[name]), name)
        return value

    def __dir__():
        """All names, loaded or not."""
        return sorted({*globals(), *__all__})
