"""`colorprep verify`: check artifacts, and repair labels."""

from .stage import VerifyParams as VerifyParams
from .stage import VerifyResult as VerifyResult
from .stage import run as run
