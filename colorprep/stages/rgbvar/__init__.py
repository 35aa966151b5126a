"""`colorprep rgbvar`: rank images by colorfulness, and cut out a curriculum."""

from .stage import RgbvarParams as RgbvarParams
from .stage import RgbvarResult as RgbvarResult
from .stage import run as run
