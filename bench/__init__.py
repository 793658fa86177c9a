"""Benchmarks: one file each, with its declaration in `BENCHMARK`. Run one with `python -m bench NAME [--quick]`."""
