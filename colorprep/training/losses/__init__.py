"""Losses of a network's outputs, and their targets."""
