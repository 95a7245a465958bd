"""Structures in the objects of other libraries, as atom tables.

None of these modules imports the library whose objects it reads: an object is recognised by its
class, and read through its attributes.
"""
