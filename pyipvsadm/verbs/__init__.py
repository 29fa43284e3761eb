"""What isn't ipvsadm's: a file or a folder for each verb. A folder has its arguments in `arguments`."""

NAMES = (
    "show",
    "check",
    "diff",
    "apply",
    "set",
    "drain",
    "undrain",
    "top",
    "netns",
    "doctor",
    "sandbox",
    "completion",
    "man",
    "vip",
)
