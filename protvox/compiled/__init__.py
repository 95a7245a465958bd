"""Compiled loops: options of the compiler, and work shared among threads."""
