"""`colorprep info`: what an artifact is, and how it was made."""

from .stage import run as run
