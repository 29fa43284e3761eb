"""`vip`: binds the virtual addresses to a dummy device, so that the kernel delivers their packets locally."""
