"""Reading what a report shows: weights, class priors, a reference, scores, skipped images."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...artifacts import (
    holds_bare_array,
    load_prior,
    load_vector,
    load_weights,
    versions,
)
from ...balance.diagnosis import Finding
from ...balance.prior import Prior
from ...balance.weights import Weights, check_probs, rebalancing_weights
from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...images.digests import is_record_of, sha256_of_file
from ...images.skip import REASONS as SKIP_REASONS
from ...images.skip import count_by_reason
from ...images.source import Source, digest_of
from ...places import Location
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...report.sections.comparison import ClassPrior, Reference
from ...runs import LOG
from ...shards.manifest import MANIFEST, read_manifest, read_skipped
from ...storage import size_of
from ...workspace import AUDIT, LABELS, LISTS, Workspace
from ..audit.findings import NOTES, REASONS
from ..plot import Run
from ..prior.writing import weights_path_of
from ..priors import class_priors
from ..verify.stage import vector_findings
from ..weights import WeightsParams
from .photographs import Score
from .results import RESULTS

SCORES_TABLE = Path(LISTS, "rgbvar.csv")
AUDIT_TABLE = Path(AUDIT, "audit.csv")
MEANINGS = {
    "prior": SKIP_REASONS,
    "labels": SKIP_REASONS,
    "audit": REASONS | NOTES,
}
_DESCRIBED = ("safety", "schema")


class UsedWeights(NamedTuple):
    """Weights, how they were made, and a sentence on their origin."""

    weights: Weights
    meta: dict[str, Any]
    origin: str


def weights_in_use(prior: Prior, path: Location, reporter: Reporter) -> UsedWeights:
    """Read the weights beside a prior; make them if they are missing or of another prior.

    Parameters
    ----------
    path : Path or Url
        Of the weights.

    Raises
    ------
    ArtifactError
        If they are damaged.
    """
    made = f"these are made of the prior at lambda {WeightsParams().mix:g}."
    origin = f"There is no `{path.name}`: {made}"
    if size_of(path) is not None:
        weights, meta = load_weights(path)
        if meta.get("prior_digest") == prior.digest:
            return UsedWeights(weights, meta, f"They are those of `{path.name}`.")
        origin = f"`{path.name}` is of another prior: {made}"
        reporter.warn(f"{path} is of another prior; the report shows weights of this one instead")
    params = WeightsParams()
    weights = rebalancing_weights(prior.probs, params.mix, params.alpha, params.zero_bins)
    meta = {"lambda": params.mix, "alpha": params.alpha, "zero_bins": params.zero_bins}
    return UsedWeights(weights, meta, origin)


def read_classes(prior: Prior, path: Location, reporter: Reporter) -> dict[str, ClassPrior]:
    """Read the class priors beside a prior that are over its bins, in order of their names.

    Parameters
    ----------
    path : Path or Url
        Of the prior.

    Raises
    ------
    ArtifactError
        If one of them is damaged.
    """
    classes, foreign = {}, []
    for name, class_path in class_priors(path).items():
        one = load_prior(class_path)
        if one.quantizer.fingerprint != prior.quantizer.fingerprint:
            foreign.append(name)
        else:
            classes[name] = ClassPrior(int(one.meta.get("n_images", 0)), one.probs)
    if foreign:
        reporter.warn(
            f"{len(foreign)} class priors, {foreign[0]} first, are over other bins than the prior "
            "and left out; `colorprep prior --by-class` makes them again"
        )
    return classes


def read_reference(path: Location, prior: Prior) -> Reference:
    """Read the prior to compare with, a prior.npz or a bare .npy over the same bins.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or over other bins.
    """
    quantizer = prior.quantizer
    if not holds_bare_array(path):
        other = load_prior(path)
        if other.quantizer.fingerprint != quantizer.fingerprint:
            raise ArtifactError(
                f"{path} is over the {len(other.probs)} bins of {other.quantizer.name}, the prior "
                f"over the {len(prior.probs)} of {quantizer.name} (fingerprints "
                f"{other.quantizer.fingerprint} and {quantizer.fingerprint}); only priors over the "
                "same bins can be compared: count one of them again"
            )
        return Reference(path.name, other.probs, _findings(quantizer, other.probs))
    vector = load_vector(path)
    if len(vector) != len(prior.probs):
        raise ArtifactError(
            f"{path} has {len(vector)} bins, but the prior is over the {len(prior.probs)} of "
            f"{quantizer.name}; only priors over the same bins can be compared"
        )
    try:
        probs = check_probs(vector)
    except InputError as error:
        raise ArtifactError(f"{path}: {error}") from error
    return Reference(path.name, probs, _findings(quantizer, vector))


def read_scores(workspace: Workspace) -> list[Score]:
    """Read the ranking of the workspace's images; empty if it is missing.

    Raises
    ------
    ArtifactError
        If it is damaged.
    """
    path = workspace.path(SCORES_TABLE)
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            scores = [Score(row["key"], float(row["rgbvar"])) for row in rows]
        if not scores:
            raise ValueError("it holds no image")
        return scores
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ArtifactError(
            f"{path} is damaged ({error}): it should have the columns key and rgbvar; make it "
            "again with `colorprep rgbvar`"
        ) from error


def read_skips(prior: Prior, workspace: Workspace) -> dict[str, Mapping[str, int]]:
    """Count the images that commands skipped or noted, by command and by reason or note.

    Raises
    ------
    ArtifactError
        If a file that lists them is damaged.
    """
    skips: dict[str, Mapping[str, int]] = {"prior": dict(prior.meta.get("skipped", {}))}
    labels = workspace.path(LABELS)
    if (labels / MANIFEST).exists():
        skips["labels"] = count_by_reason(read_skipped(labels))
    audit = workspace.path(AUDIT_TABLE)
    if audit.exists():
        skips["audit"] = _audit_reasons(audit)
    return skips


def provenance(
    prior: Prior,
    path: Location,
    used: UsedWeights,
    source: Source | None,
    compared: Location | None,
    runs: Sequence[Run],
    workspace: Workspace,
) -> dict[str, dict[str, Any]]:
    """Return the provenance of a report: each artifact's digest, and how it was made.

    Parameters
    ----------
    path : Path or Url
        Of the prior.
    compared : Path, Url or None
        The prior to compare with.
    runs : sequence of Run
        Those that are shown.
    """
    quantizer = prior.quantizer
    artifacts: dict[str, dict[str, Any]] = {
        "prior": {
            "file": path.name,
            "sha256": sha256_of_file(path),
            "digest": prior.digest,
            "quantizer": quantizer.name,
            "fingerprint": quantizer.fingerprint,
            "parameters": quantizer.parameters,
            **prior.meta,
        },
        "weights": {key: value for key, value in used.meta.items() if key not in _DESCRIBED},
    }
    if used.meta.get("prior_digest") == prior.digest:
        file = weights_path_of(path)
        about = {"file": file.name, "sha256": sha256_of_file(file)}
        artifacts["weights"] = about | artifacts["weights"]
    labels = workspace.path(LABELS)
    if (labels / MANIFEST).exists():
        artifacts["labels"] = _of_labels(labels)
    files = {"ranking": SCORES_TABLE, "audit": AUDIT_TABLE, **RESULTS}
    for name, table in files.items():
        if (file := workspace.path(table)).exists():
            artifacts[name] = {"file": table.as_posix(), "sha256": sha256_of_file(file)}
    if runs:
        logs = {run.folder.name: sha256_of_file(run.folder / LOG) for run in runs}
        artifacts["training"] = {"sha256": logs}
    if compared is not None:
        artifacts["reference"] = {"file": compared.name, "sha256": sha256_of_file(compared)}
    if source is not None:
        digest = digest_of(source, range(len(source.keys)))
        artifacts["images"] = {
            "source": source.name,
            "n_files": len(source.keys),
            "digest": digest,
            "same_names_and_sizes": is_record_of(prior.meta.get("source", {}), source),
        }
    made_by = versions("numpy", "pillow", "scikit-image", "matplotlib", "jinja2")
    artifacts["page"] = {"versions": made_by}
    return artifacts


def _of_labels(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    return {
        "file": f"{LABELS}/{MANIFEST}",
        "sha256": sha256_of_file(folder / MANIFEST),
        **{key: manifest[key] for key in ("format", "settings", "n_images", "n_shards")},
        "source": {"digest": manifest["digest"], "n_files": manifest["n_files"]},
        "versions": manifest["versions"],
    }


def _findings(quantizer: Quantizer, probs: Floats) -> list[Finding]:
    return vector_findings(probs) if quantizer.name in ("ab313", "ab529") else []


def _audit_reasons(path: Path) -> dict[str, int]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        listed = [row[column] for row in rows for column in ("reasons", "notes")]
        counts = Counter(reason for reasons in listed for reason in reasons.split(";") if reason)
    except (KeyError, AttributeError, ValueError, csv.Error) as error:
        raise ArtifactError(
            f"{path} is damaged ({error}): it should have the columns reasons and notes; make it "
            "again with `colorprep audit`"
        ) from error
    return {reason: counts[reason] for reason in sorted(counts)}
