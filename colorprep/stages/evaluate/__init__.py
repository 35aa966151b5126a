"""`colorprep evaluate`: how close colored pictures come to their originals."""

from .methods import MethodsResult as MethodsResult
from .methods import run_methods as run_methods
from .methods_params import MethodsParams as MethodsParams
from .stage import EvaluateParams as EvaluateParams
from .stage import EvaluateResult as EvaluateResult
from .stage import run as run
