"""The code that runs inside the sandbox. This file stays empty, since imports are slow there."""
