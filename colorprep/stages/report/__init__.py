"""`colorprep report`: one HTML page on all that is in a workspace."""

from .stage import ReportParams as ReportParams
from .stage import ReportResult as ReportResult
from .stage import run as run
