"""Indexes of embedded domains: built, stored, compared."""
