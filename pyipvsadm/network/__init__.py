"""This machine in its network, through pyroute2: links, addresses, routes, neighbours."""

DEVICE = "kube-ipvs0"  # kube-proxy's name for the dummy device of its virtual addresses
