"""`colorprep rgbvar`: rank images by colorfulness, and cut out a curriculum."""

from .params import RgbvarParams as RgbvarParams
from .params import parse_ranks as parse_ranks
from .stage import RgbvarResult as RgbvarResult
from .stage import run as run
