"""`colorprep probe`: what the inner layers of trained networks tell of an image's class."""

from .params import ProbeParams as ProbeParams
from .stage import ProbeResult as ProbeResult
from .stage import run as run
