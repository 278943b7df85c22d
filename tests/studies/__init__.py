"""Simulations whose figures the docs state, each with its seed."""
