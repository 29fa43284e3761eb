"""What isn't ipvsadm's: a file or a folder for each verb. A folder has its arguments in `arguments`."""

NAMES = (
    "show",
    "where",
    "check",
    "diff",
    "apply",
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
