"""`colorprep labels`: label every image, into shards or one .npy each."""

from .params import LabelsParams as LabelsParams
from .stage import LabelsResult as LabelsResult
from .stage import run as run
