"""`colorprep prior`: count the colors of a folder and write its prior."""

from .drawing import PriorFigure as PriorFigure
from .merging import MergeParams as MergeParams
from .merging import merge as merge
from .stage import PriorParams as PriorParams
from .stage import PriorResult as PriorResult
from .stage import run as run
from .writing import WrittenPrior as WrittenPrior
