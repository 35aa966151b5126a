"""Weights from elsewhere: published networks and others' files, as weights of our networks."""
