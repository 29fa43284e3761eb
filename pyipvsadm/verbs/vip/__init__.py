"""`vip`: the virtual addresses on a dummy device, so that the kernel takes their packets for its own."""
