"""`colorprep audit`: which images a training set is better without, and why."""

from .stage import AuditParams as AuditParams
from .stage import AuditResult as AuditResult
from .stage import run as run
