"""`colorprep evaluate`: how close colored pictures come to their originals."""

from .stage import EvaluateParams as EvaluateParams
from .stage import EvaluateResult as EvaluateResult
from .stage import run as run
