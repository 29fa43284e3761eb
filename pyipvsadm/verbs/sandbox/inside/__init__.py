"""The code that runs inside the sandbox. Imports are slow there, so this file contains no code."""
