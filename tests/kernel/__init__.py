"""Tests on a real IPVS kernel, most of them against ipvsadm itself."""
