"""Believable customers with known truth: a shop, its people, what they did and what they do next.

Pure: chance comes from the seeded generator passed in, the time is an argument, nothing is read or written. The same
seed gives the same bytes.
"""
