"""Opening the pictures of a method: those of a source, or those that a checkpoint predicts."""

from __future__ import annotations

from ...progress import Reporter
from ...quantize.decoding import TEMPERATURE
from ...workspace import Workspace
from ..checkpoints import choose_checkpoint, origin_of, report_origin
from ..pictures import PhotographSource
from .comparing import PicturesToCompare, stored_pictures
from .params import EvaluateParams


def open_pictures(
    params: EvaluateParams,
    originals: PhotographSource,
    workspace: Workspace,
    reporter: Reporter,
) -> PicturesToCompare:
    """Open the pictures of a source, or those that a checkpoint predicts.

    Raises
    ------
    InputError
        If the source is missing, or nothing in it matches.
    ArtifactError
        If the checkpoint is missing or damaged.
    """
    if params.colorized is not None:
        return stored_pictures(params, originals, workspace, reporter)
    # Here, since torch is slow to import.
    from ...training.checkpoint import load_checkpoint
    from ..conditions import classifier_of, warn_of_temperature
    from .predicting import predicted_pictures

    path = choose_checkpoint(params.checkpoint, workspace, reporter, colors=True)
    checkpoint = load_checkpoint(path)
    origin = origin_of(path, checkpoint.config, checkpoint.progress)
    report_origin("coloring by", origin, workspace, reporter)
    temperature = TEMPERATURE if params.temperature is None else params.temperature
    warn_of_temperature(checkpoint, temperature, reporter)
    classifier = classifier_of(checkpoint, params.features, workspace)
    return predicted_pictures(
        checkpoint, origin, originals, params.images, temperature, params.device, classifier
    )
