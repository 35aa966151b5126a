"""`colorprep evaluate`: how close colored pictures come to their originals.

Pictures are read from a source, or made by a network with the code of `colorprep colorize`.
`colorprep.metrics.protocol` defines the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...artifacts import versions
from ...images.skip import Skip, count_by_reason
from ...metrics.bins import bins_of_cells
from ...metrics.protocol import SHOWN_DIGITS, protocol_hash, protocol_line
from ...metrics.resampling import Measured
from ...progress import Reporter
from ...workspace import EVALUATION, Workspace
from ..checkpoints import Origin
from ..passes import check_strict
from ..replaced import telling_replaced
from ..source import report_enlarged, report_skips
from .balancing import Balance, choose_balance, compared_with
from .comparing import CompareChunk, PicturesToCompare, listed_from, open_originals
from .files import check_outputs, output_paths, write_figures, write_sheet, write_table
from .judging import judge, summarize_pairs
from .networks import Networks, open_networks
from .opening import open_pictures
from .params import EvaluateParams as EvaluateParams
from .picture_trees import opened_trees


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
    originals = open_originals(params, workspace, reporter)
    pictures = open_pictures(params, originals, workspace, reporter)
    whole, facts = listed_from(params, workspace), pictures.provenance["original"]
    balance = compared_with(balance, facts, whole, workspace, reporter)
    check_strict([*pictures.skipped, *pictures.unpaired], params.images.strict)
    _report_unpaired(pictures, reporter)
    networks = open_networks(params, pictures.keys, workspace, reporter)
    read = (pictures.originals, *pictures.others)
    with opened_trees(params.trees, read, workspace, reporter) as trees:
        task = CompareChunk(pictures.pairs, bins_of_cells(), params.size, networks, trees)
        judged, bad = judge({"": task}, params.images, reporter)
    compared = judged[""]
    report_skips(sorted([*pictures.skipped, *bad]), len(compared), reporter)
    report_enlarged(sum(pair.enlarged for pair in compared), params.size, reporter)
    keys = [pictures.pairs.key(pair.index) for pair in compared]
    summary = summarize_pairs(keys, compared, balance.probs)
    measured = summary.measured | networks.of_set(len(compared))
    protocol = protocol_of(params, balance, networks)
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


def _report_unpaired(pictures: PicturesToCompare, reporter: Reporter) -> None:
    """Warn of images without a partner, in a line for each side."""
    sides = {
        "originals without a picture": pictures.without_picture,
        "pictures without an original": pictures.without_original,
    }
    for what, unpaired in sides.items():
        if unpaired:
            reporter.warn(f"{what}: {len(unpaired)}, such as {unpaired[0].key}")


def protocol_of(params: EvaluateParams, balance: Balance, networks: Networks) -> str:
    """Return the line that defines the figures."""
    return protocol_line(
        params.size,
        params.images.icc,
        params.images.orientation,
        balance.name,
        {name: digest[:SHOWN_DIGITS] for name, digest in networks.digests.items()},
        params.images.damaged,
        networks.definitions,
    )
