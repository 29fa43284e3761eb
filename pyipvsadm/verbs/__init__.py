"""The verbs that ipvsadm doesn't have: a file or a folder each. A folder declares its arguments in `arguments`."""

NAMES = (
    "show",
    "where",
    "check",
    "diff",
    "apply",
    "convert",
    "set",
    "drain",
    "undrain",
    "top",
    "netns",
    "vip",
    "doctor",
    "metrics",
    "sandbox",
    "completion",
    "man",
)
