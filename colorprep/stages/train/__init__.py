"""`colorprep train`: train a colorizer from label shards."""

from .dry_run import forecast as forecast
from .params import TrainParams as TrainParams
from .stage import TrainResult as TrainResult
from .stage import run as run
