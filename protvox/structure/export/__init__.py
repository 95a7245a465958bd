"""Structures as objects of other libraries."""
