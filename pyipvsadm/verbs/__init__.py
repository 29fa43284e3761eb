"""The verbs that ipvsadm doesn't have: a file or a folder each. A folder declares its arguments in `arguments`."""

NAMES = (
    "show",
    "check",
    "diff",
    "apply",
    "convert",
    "set",
    "drain",
    "undrain",
    "top",
    "where",
    "doctor",
    "netns",
    "vip",
    "metrics",
    "sandbox",
    "completion",
    "man",
)
