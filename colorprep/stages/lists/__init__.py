"""`colorprep lists`: draw, split and combine lists of images."""

from .drawing import TINY as TINY
from .drawing import TINY_PATH as TINY_PATH
from .drawing import DrawParams as DrawParams
from .drawing import DrawResult as DrawResult
from .drawing import draw as draw
from .operations import CombineParams as CombineParams
from .operations import CombineResult as CombineResult
from .operations import Operation as Operation
from .operations import combine as combine
from .splitting import SplitParams as SplitParams
from .splitting import SplitResult as SplitResult
from .splitting import split as split
from .voc import VocParams as VocParams
from .voc import VocResult as VocResult
from .voc import divide as divide
from .writing import WrittenList as WrittenList
