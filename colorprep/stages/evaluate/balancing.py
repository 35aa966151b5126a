"""The prior of balanced figures, and whether it was counted on the originals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...color.lab import Floats
from ...errors import ArtifactError
from ...images.opening import find_images
from ...metrics.protocol import SHOWN_DIGITS
from ...places import Location, Places, each_place, is_url
from ...progress import Reporter
from ...quantize.ab import ab_lattice
from ...workspace import PRIOR, Workspace
from ..priors import read_prior
from .comparing import source_facts

OWN_COLORS = "originals"

Relation: TypeAlias = Literal["originals", "their source", "other images", "unknown"]


@dataclass(frozen=True, eq=False)
class Balance:
    """The prior by which AuC is balanced.

    Attributes
    ----------
    probs : ndarray of shape (313,), float64, or None
        None for the originals' own colors.
    path : Path, Url or None
        Of the prior.
    digest : str or None
        Of the prior's probabilities.
    source : mapping or None
        Digest and number of the files that the prior was counted on; None if unknown.
    of : {"originals", "their source", "other images", "unknown"}
        The images it was counted on: these originals, the source of their list, or others.
    """

    probs: Floats | None = None
    path: Location | None = None
    digest: str | None = None
    source: Mapping[str, Any] | None = None
    of: Relation = "originals"

    @property
    def name(self) -> str:
        """Its name in the protocol: the first digits of the digest, or ``originals``."""
        return OWN_COLORS if self.digest is None else self.digest[:SHOWN_DIGITS]

    def facts(self) -> dict[str, Any]:
        """Return it for JSON, without its path."""
        source = None if self.source is None else dict(self.source)
        return {"prior_digest": self.digest, "prior_source": source, "of": self.of}


def choose_balance(given: str | Path | None, workspace: Workspace, reporter: Reporter) -> Balance:
    """Choose the prior that balances the balanced AuC.

    Parameters
    ----------
    given : str, Path or None
        A prior. None for ``prior.npz`` if it exists, else the originals' own colors.

    Returns
    -------
    Balance
        Of unknown origin, see `compared_with`.

    Raises
    ------
    ArtifactError
        If a given prior is not of ab313, or it is missing or damaged.
    """
    path = workspace.input_location(given, PRIOR)
    if given is None and not workspace.path(PRIOR).exists():
        reporter.note(f"no {PRIOR} here: AuC is balanced by the originals' own colors")
        return Balance()
    prior = read_prior(path, reporter)
    if prior.quantizer.fingerprint == ab_lattice().fingerprint:
        return Balance(prior.probs, path, prior.digest, prior.source, "unknown")
    if given is not None:
        raise ArtifactError(
            f"{path} is of {prior.quantizer.name}, but AuC is balanced by the 313 bins of ab313; "
            "give a prior for ab313, or omit --prior to use the originals' own colors"
        )
    reporter.note(
        f"{PRIOR} is of {prior.quantizer.name}, not of ab313: AuC is balanced by the "
        "originals' own colors"
    )
    return Balance()


def compared_with(
    balance: Balance,
    originals: Mapping[str, Any],
    listed_from: Places | None,
    workspace: Workspace,
    reporter: Reporter,
) -> Balance:
    """Compare a prior with the originals, report the result, and warn if they differ.

    Parameters
    ----------
    originals : mapping
        Their digest and number, see `comparing.source_facts`.
    listed_from : str, Path, sequence of these, or None
        The source from which a list selected the originals; None without a list.

    Returns
    -------
    Balance
        With the field `of` set.

    Notes
    -----
    Only digests of keys and file sizes are compared: a prior of a folder above that of the
    originals counts as one of other images. The whole source of a list is checked unless it is an
    object store, which may take long to list.
    """
    if balance.path is None or balance.digest is None:
        return balance
    text = f"AuC is balanced by {workspace.shown(balance.path)} (digest {balance.name}"
    if balance.source is None:
        reporter.note(f"{text}); it does not record the images it was made from")
        return balance
    text += f", of {balance.source.get('n_files')} files)"
    if balance.source.get("digest") == originals["digest"]:
        reporter.note(f"{text}, made from these originals")
        return replace(balance, of="originals")
    places = [] if listed_from is None else each_place(listed_from)
    if places and not any(map(is_url, places)):
        whole = source_facts(find_images(places))
        if balance.source.get("digest") == whole["digest"]:
            reporter.note(f"{text}, made from all images of {' '.join(map(str, places))}")
            return replace(balance, of="their source")
    reporter.warn(
        f"{text}, made from other images than these {originals['n_files']} originals; compare the "
        "balanced figures only with figures balanced by the same prior. To use the originals' "
        "own prior, make it with `colorprep prior` and give it with --prior"
    )
    return replace(balance, of="other images")
