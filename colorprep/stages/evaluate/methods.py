"""Several methods in one comparison: the same images, the same resamples, one table.

An image counts if all methods have a picture of it that can be compared. What a method measures on
these images is what `colorprep evaluate` measures of it alone on the same images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from ...artifacts import versions
from ...errors import InputError
from ...images.skip import Skip
from ...metrics.bins import bins_of_cells
from ...metrics.methods import MethodComparison, paired_differences
from ...metrics.summary import Summary
from ...progress import KeepingWarnings, Reporter
from ...report.numbers import quantity
from ...workspace import EVALUATION, Workspace
from ..passes import check_strict
from ..replaced import telling_replaced
from ..source import report_enlarged, report_skips
from .balancing import choose_balance, compared_with
from .comparing import (
    CompareChunk,
    Compared,
    PicturesToCompare,
    listed_from,
    open_originals,
)
from .judging import judge, summarize_pairs
from .methods_files import (
    Findings,
    MethodFiles,
    check_method_files,
    method_files,
    write_method_files,
)
from .methods_params import MethodsParams
from .methods_sources import describe_sources
from .networks import Networks, open_networks
from .opening import open_pictures
from .pairs import ChosenPairs
from .stage import protocol_of

SHOWN_KEYS = 3  # of images that are left out


@dataclass(frozen=True)
class MethodsResult:
    """Result of a comparison of several methods.

    Attributes
    ----------
    findings : Findings
    files : MethodFiles
        Where the tables, the metrics of each image and the page are.
    """

    findings: Findings
    files: MethodFiles


def run_methods(params: MethodsParams, workspace: Workspace, reporter: Reporter) -> MethodsResult:
    """Compare several methods on the images that all of them have.

    Raises
    ------
    InputError
        If a source is missing, nothing matches, or no image can be compared for all methods.
    ArtifactError
        If a checkpoint, a prior or a network's file is missing or damaged.
    OutputExists
        If something other than a file has the name of an output.
    ColorprepError
        With `images.strict`, at the first image that is bad or that a method lacks; or if a package
        is missing.
    """
    common, against, reporter = params.first, params.against, KeepingWarnings(reporter)
    output = common.output or EVALUATION
    files = method_files(workspace.path(output))
    check_method_files(files)
    balance = choose_balance(common.prior, workspace, reporter)
    pictures = _open_all(params, workspace, reporter)
    originals = pictures[against].provenance["original"]
    whole = listed_from(common, workspace)
    balance = compared_with(balance, originals, whole, workspace, reporter)
    shared = _shared_by_all(pictures)
    check_strict([*shared.unusable, *shared.unpaired], common.images.strict)
    _report_unpaired(shared, reporter)
    networks = open_networks(common, shared.keys, workspace, reporter)
    tasks = {
        name: CompareChunk(pairs, bins_of_cells(), common.size, networks.for_method())
        for name, pairs in shared.pairs.items()
    }
    judged, bad = judge(tasks, common.images, reporter)
    indices = [one.index for one in judged[against]]
    report_skips(sorted([*shared.unusable, *bad]), len(indices), reporter)
    report_enlarged(_n_enlarged(judged), common.size, reporter)
    keys = [shared.keys[index] for index in indices]
    summaries = {name: summarize_pairs(keys, each, balance.probs) for name, each in judged.items()}
    findings = Findings(
        _comparison(against, keys, summaries, tasks),
        keys,
        {name: summary.columns for name, summary in summaries.items()},
        protocol_of(common, balance, networks),
        sorted([*shared.unusable, *shared.unpaired, *bad]),
        _provenance(params, pictures, summaries)
        | {"balance": balance.facts(), **networks.facts()}
        | {"sources": describe_sources(params, pictures, balance, networks, workspace)}
        | {"warnings": reporter.warnings, "versions": _versions(pictures, networks)},
    )
    from .methods_page import methods_page  # here, since matplotlib is slow to import

    page = methods_page(findings, shared.pairs, indices, params)
    workspace.own_folder(output)
    with telling_replaced(reporter, *files):
        write_method_files(files, findings, page)
    return MethodsResult(findings, files)


class _Shared(NamedTuple):
    """What all methods have.

    Attributes
    ----------
    keys : list of str
        Of the originals, in order.
    pairs : dict of str to ChosenPairs
        By method: its pictures of these originals.
    unusable : list of Skip
        Files that cannot be used as images, in any of the sources.
    unpaired : list of Skip
        Originals that a method has no picture of, and pictures without an original.
    """

    keys: list[str]
    pairs: dict[str, ChosenPairs]
    unusable: list[Skip]
    unpaired: list[Skip]


def _open_all(
    params: MethodsParams, workspace: Workspace, reporter: Reporter
) -> dict[str, PicturesToCompare]:
    """Open the originals once, and the pictures of every method."""
    originals = open_originals(params.first, workspace, reporter)
    return {
        name: open_pictures(one, originals, workspace, reporter)
        for name, one in params.methods.items()
    }


def _shared_by_all(pictures: Mapping[str, PicturesToCompare]) -> _Shared:
    """Find the originals of which every method has a picture.

    Raises
    ------
    InputError
        If there is no such original.
    """
    places = {
        name: {key: index for index, key in enumerate(one.keys)} for name, one in pictures.items()
    }
    first, *others = places.values()
    keys = [key for key in first if all(key in other for other in others)]
    if not keys:
        raise InputError(
            f"no original has a picture of each of {', '.join(pictures)}; compare methods that "
            "colored the same images"
        )
    pairs = {
        name: ChosenPairs(pictures[name].pairs, [found[key] for key in keys])
        for name, found in places.items()
    }
    unusable = sorted({skip for one in pictures.values() for skip in one.skipped})
    unpaired = [
        skip._replace(detail=f"{name}: {skip.detail}")
        for name, one in pictures.items()
        for skip in one.unpaired
    ]
    return _Shared(keys, pairs, unusable, unpaired)


def _report_unpaired(shared: _Shared, reporter: Reporter) -> None:
    """Warn of what is missing, in a line for each method and side."""
    for why, skipped in groupby(shared.unpaired, key=lambda skip: skip.detail):
        keys = [skip.key for skip in skipped]
        named = ", ".join(keys[:SHOWN_KEYS]) + (", ..." if len(keys) > SHOWN_KEYS else "")
        reporter.warn(f"left out {quantity(len(keys), 'image')}: {why}: {named}")


def _n_enlarged(judged: Mapping[str, Sequence[Compared]]) -> int:
    rows = zip(*judged.values(), strict=True)
    return sum(any(one.enlarged for one in row) for row in rows)


def _comparison(
    against: str,
    keys: Sequence[str],
    summaries: Mapping[str, Summary],
    tasks: Mapping[str, CompareChunk],
) -> MethodComparison:
    """Put the methods side by side."""
    measured = {
        name: summary.measured | tasks[name].networks.of_set(len(keys))
        for name, summary in summaries.items()
    }
    differences = {
        name: paired_differences(keys, summary, summaries[against])
        for name, summary in summaries.items()
        if name != against
    }
    return MethodComparison(against, measured, differences)


def _provenance(
    params: MethodsParams,
    pictures: Mapping[str, PicturesToCompare],
    summaries: Mapping[str, Summary],
) -> dict[str, Any]:
    """Describe what was compared."""
    sources = {
        name: one.provenance
        | {"match": params.methods[name].match}
        | {"suffix": params.methods[name].suffix}
        for name, one in pictures.items()
    }
    originals = [source.pop("original") for source in sources.values()]
    return {
        "original": originals[0],
        "pictures": sources,
        "n_bins_absent": {name: one.n_bins_absent for name, one in summaries.items()},
    }


def _versions(pictures: Mapping[str, PicturesToCompare], networks: Networks) -> dict[str, str]:
    used = [package for one in pictures.values() for package in one.packages]
    return versions("numpy", "scikit-image", *dict.fromkeys([*used, *networks.packages]))
