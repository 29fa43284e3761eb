"""The director as a machine, through pyroute2: links, addresses, routes, neighbours."""
