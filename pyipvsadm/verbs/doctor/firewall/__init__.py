"""Firewall rules: what nft and iptables tell of them, and what becomes of a packet there."""
