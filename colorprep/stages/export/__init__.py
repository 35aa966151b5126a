"""`colorprep export`: priors, weights, networks and labels as other projects read them."""

from .stage import ExportParams as ExportParams
from .stage import ExportResult as ExportResult
from .stage import run as run
