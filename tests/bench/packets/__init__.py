"""The group `packets`: what a new connection, and one more service, cost by IPVS, iptables and nftables."""
