"""This machine's network, through pyroute2: links, addresses, routes and neighbours."""

DEVICE = "kube-ipvs0"  # kube-proxy's name for the dummy device of its virtual addresses
