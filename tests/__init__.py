"""The tests of pyipvsadm."""
