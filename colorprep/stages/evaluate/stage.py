"""`colorprep evaluate`: how close colored pictures come to their originals.

Pictures are read from a source, or made by a network with the code of `colorprep colorize`.
`colorprep.metrics.protocol` defines the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...artifacts import versions
from ...color.lab import Floats
from ...images.skip import Skip, count_by_reason
from ...metrics.bins import bins_of_cells
from ...metrics.protocol import SHOWN_DIGITS, protocol_hash, protocol_line
from ...metrics.resampling import Measured
from ...metrics.summary import Summary, summarize
from ...places import Places, each_place
from ...progress import Reporter
from ...quantize.decoding import TEMPERATURE
from ...workspace import EVALUATION, Workspace
from ..checkpoints import Origin, choose_checkpoint, origin_of, report_origin
from ..passes import check_strict, open_passes
from ..pictures import PhotographSource
from ..replaced import telling_replaced
from ..source import open_source, report_enlarged, report_skips
from .balancing import Balance, choose_balance, compared_with
from .comparing import CompareChunk, Compared, PicturesToCompare, stored_pictures
from .files import check_outputs, output_paths, write_figures, write_sheet, write_table
from .networks import Networks, open_networks
from .params import EvaluateParams as EvaluateParams
from .picture_trees import opened_trees

CHUNK = 8  # pairs; comparing takes long, and a bar should move
FEW_FOR_FID = 2048  # images; with fewer images than features FID says little


@dataclass(frozen=True)
class EvaluateResult:
    """Result of `colorprep evaluate`.

    Attributes
    ----------
    measured : dict of str to Measured
        Every figure of the set, in the order in which they are shown.
    n_bins_absent : int
        How many of the 313 bins occur in no image; averages over bins leave them out.
    protocol, protocol_hash : str
        How the figures are defined.
    n_images : int
        How many were compared.
    n_without_partner : tuple of int
        Originals without a picture, and pictures without an original.
    figures, table, sheet : Path
        ``evaluation.json``, ``evaluation.csv``, and a sheet of the worst and the best.
    trees : Path or None
        The folder of the pictures, if they were requested.
    skipped : list of Skip
        Images that could not be compared, including those without a partner.
    origin : Origin or None
        Of the network that was evaluated.
    """

    measured: dict[str, Measured]
    n_bins_absent: int
    protocol: str
    protocol_hash: str
    n_images: int
    n_without_partner: tuple[int, int]
    figures: Path
    table: Path
    sheet: Path
    trees: Path | None
    skipped: list[Skip]
    balance: Balance
    origin: Origin | None


def run(params: EvaluateParams, workspace: Workspace, reporter: Reporter) -> EvaluateResult:
    """Compare pictures with their originals.

    Raises
    ------
    InputError
        If a source is missing, nothing matches, or no pair could be compared.
    ArtifactError
        If a checkpoint, a prior or a network's file is missing or damaged.
    OutputExists
        If something other than a file has the name of an output.
    ColorprepError
        With `images.strict`, at the first image that is bad or has no partner; or if a package is
        missing.
    """
    folder = workspace.path(params.output or EVALUATION)
    check_outputs(folder)
    balance = choose_balance(params.prior, workspace, reporter)
    pictures = _open_pictures(params, workspace, reporter)
    listed_from = _listed_from(params, workspace)
    balance = compared_with(
        balance, pictures.provenance["original"], listed_from, workspace, reporter
    )
    check_strict([*pictures.skipped, *pictures.unpaired], params.images.strict)
    _report_unpaired(pictures, reporter)
    networks = open_networks(params, pictures.keys, workspace)
    read = (pictures.originals, *pictures.others)
    with opened_trees(params.trees, read, workspace, reporter) as trees:
        task = CompareChunk(pictures.pairs, bins_of_cells(), params.size, networks, trees)
        compared, bad = _compare(task, params, reporter)
    report_skips(sorted([*pictures.skipped, *bad]), len(compared), reporter)
    report_enlarged(sum(pair.enlarged for pair in compared), params.size, reporter)
    keys = [pictures.pairs.key(pair.index) for pair in compared]
    summary = _summarize(keys, compared, balance.probs)
    measured = summary.measured | networks.of_set(len(compared))
    protocol = _protocol(params, balance, networks)
    skipped = sorted([*pictures.skipped, *bad, *pictures.unpaired])
    provenance = {
        "n_images": len(compared),
        "n_bins_absent": summary.n_bins_absent,
        "skipped": count_by_reason(skipped),
        **pictures.provenance,
        "balance": balance.facts(),
        **networks.facts(),
        "versions": versions("numpy", "scikit-image", *pictures.packages, *networks.packages),
    }
    workspace.own_folder(params.output or EVALUATION)
    with telling_replaced(reporter, *output_paths(folder)):
        write_figures(folder, protocol, measured, provenance)
        write_table(folder, keys, summary.columns)
        write_sheet(folder, pictures.pairs, params.size, compared)
    return EvaluateResult(
        measured,
        summary.n_bins_absent,
        protocol,
        protocol_hash(protocol),
        len(compared),
        (len(pictures.without_picture), len(pictures.without_original)),
        *output_paths(folder),
        None if params.trees is None else workspace.path(params.trees),
        skipped,
        balance,
        pictures.origin,
    )


def _open_pictures(
    params: EvaluateParams, workspace: Workspace, reporter: Reporter
) -> PicturesToCompare:
    """Open the pictures of a source, or those that a checkpoint predicts."""
    if params.original is not None and params.colorized is not None:
        return stored_pictures(
            params.original, params.colorized, params.images, workspace, reporter
        )
    # Here, since torch is slow to import.
    from ...training.checkpoint import load_checkpoint
    from ..conditions import classifier_of
    from .predicting import predicted_pictures

    path = choose_checkpoint(params.checkpoint, workspace, reporter)
    source = open_source(params.images, workspace, reporter, remembers=False)
    checkpoint = load_checkpoint(path)
    origin = origin_of(path, checkpoint.config, checkpoint.progress)
    report_origin("coloring by", origin, workspace, reporter)
    temperature = TEMPERATURE if params.temperature is None else params.temperature
    classifier = classifier_of(checkpoint, params.features, workspace)
    places = each_place(_place_of_originals(params, workspace))
    originals = PhotographSource(" ".join(map(str, places)), source)
    return predicted_pictures(
        checkpoint, origin, originals, params.images, temperature, params.device, classifier
    )


def _listed_from(params: EvaluateParams, workspace: Workspace) -> Places | None:
    """Return the source from which a list selects the originals; None without a list."""
    return None if params.images.list is None else _place_of_originals(params, workspace)


def _place_of_originals(params: EvaluateParams, workspace: Workspace) -> Places:
    return workspace.input_places(
        params.original or params.images.folder or workspace.remembered_source()
    )


def _report_unpaired(pictures: PicturesToCompare, reporter: Reporter) -> None:
    """Warn of images without a partner, in a line for each side."""
    sides = {
        "originals without a picture": pictures.without_picture,
        "pictures without an original": pictures.without_original,
    }
    for what, unpaired in sides.items():
        if unpaired:
            reporter.warn(f"{what}: {len(unpaired)}, such as {unpaired[0].key}")


def _protocol(params: EvaluateParams, balance: Balance, networks: Networks) -> str:
    """Return the line that defines the figures."""
    return protocol_line(
        params.size,
        params.images.icc,
        params.images.orientation,
        balance.name,
        {name: digest[:SHOWN_DIGITS] for name, digest in networks.digests.items()},
        params.images.damaged,
        None if networks.recognition is None else networks.recognition.protocol,
    )


def _compare(
    task: CompareChunk, params: EvaluateParams, reporter: Reporter
) -> tuple[list[Compared], list[Skip]]:
    """Compare all pairs; return the comparisons, and the pairs that could not be compared."""
    compared: list[Compared] = []
    skipped: list[Skip] = []
    fid = task.networks.distance
    with (
        open_passes(params.images, reporter) as passes,
        passes.each(task, range(len(task.pairs)), "comparing", CHUNK) as results,
    ):
        for done in results:
            skipped += done.skipped
            if fid is not None and done.features:
                fid.add(*(np.stack(side) for side in zip(*done.features, strict=True)))
            compared += done.compared
    if fid is not None and len(compared) < FEW_FOR_FID:
        reporter.warn(
            f"FID of only {len(compared)} images is too high to compare with FID of more images; "
            "published values are of 5,000 and more"
        )
    return compared, skipped


def _summarize(keys: Sequence[str], compared: Sequence[Compared], probs: Floats | None) -> Summary:
    columns = {
        name: np.array([pair.figures[name] for pair in compared]) for name in compared[0].figures
    }
    return summarize(keys, columns, [pair.bins for pair in compared], probs)
