"""What runs within the sandbox. This file stays empty, as an import costs much there."""
