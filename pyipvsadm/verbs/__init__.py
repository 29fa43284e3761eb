"""What isn't ipvsadm's: a file or a folder for each verb. A folder has its arguments in `arguments`."""

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
    "netns",
    "doctor",
    "sandbox",
    "vip",
)
