"""Soundings: collects stakeholder surveys of school districts and publishes figures that hurt nobody."""

__version__ = "0.1.0"
