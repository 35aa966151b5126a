"""`colorprep prior`: count the colors of a folder and write its prior."""

from .stage import PriorParams as PriorParams
from .stage import PriorResult as PriorResult
from .stage import WrittenPrior as WrittenPrior
from .stage import run as run
