"""Stores in memory: for tests, stories and simulations. The contract is the same as on disk."""
