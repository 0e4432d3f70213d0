"""Benchmarks: each is a command that starts what it needs, measures, and ends what it started."""
