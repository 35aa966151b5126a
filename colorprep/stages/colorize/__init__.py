"""`colorprep colorize`: color photographs with a trained network."""

from .stage import ColorizeParams as ColorizeParams
from .stage import ColorizeResult as ColorizeResult
from .stage import run as run
