"""Firewall rules from nft and iptables, and the path of a packet through them."""
