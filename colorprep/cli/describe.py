"""Results that several commands print, as lines of text and as facts for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..report.numbers import about_duration, byte_size
from ..report.numbers import quantity as quantity

if TYPE_CHECKING:
    from ..balance.weights import WeightSafety
    from ..images.skip import Skip
    from ..stages.estimate import Estimate
    from ..stages.prior import WrittenPrior

MANY = 0.1  # of the images

Described = tuple[list[str], dict[str, Any]]


def describe_prior(written: WrittenPrior) -> Described:
    """Describe a prior and its weights."""
    prior, meta = written.prior, written.prior.meta
    n_bins = len(prior.probs)
    n_empty = int((prior.counts == 0).sum())
    lines = [
        f"{written.path}: {n_bins} bins of {prior.quantizer.name}, "
        f"{quantity(meta['n_images'], 'image')}, {quantity(prior.n_pixels, 'pixel')} at "
        f"{_at(meta)}; {quantity(n_empty, 'bin')} without a pixel, "
        f"{written.weights.safety.empty_bins} without probability after smoothing",
        f"{written.weights_path}: {safety_line(written.weights.safety)}",
    ]
    levels = prior.levels
    if levels:
        n_without = sum(not level.n_pixels for level in levels)
        whole = f"; {n_without} without a pixel, with the whole's weights" if n_without else ""
        lines.append(
            f"by lightness: {quantity(len(levels), 'level')}, each with a prior and weights{whole}"
        )
    facts = {
        "prior": written.path,
        "weights": written.weights_path,
        "quantizer": prior.quantizer.name,
        "n_bins": n_bins,
        "n_images": meta["n_images"],
        "n_pixels": prior.n_pixels,
        "bins_without_a_pixel": n_empty,
        "digest": prior.digest,
        "safety": vars(written.weights.safety),
    }
    if levels:
        facts["level_pixels"] = [level.n_pixels for level in levels]
    return lines, facts


def describe_estimate(estimate: Estimate) -> Described:
    """Describe the time, memory and disk space that a command is likely to need."""
    requested, *others = estimate.disk.items()
    skips = ", ".join(f"{n:,} {reason}" for reason, n in estimate.skips.items()) or "none"
    lines = [
        f"{quantity(estimate.n_images, 'image')}: {about_duration(estimate.seconds)} at "
        f"{estimate.images_per_second:.0f} images/s on {quantity(estimate.n_threads, 'thread')} "
        f"(measured on {estimate.n_probed})",
        f"memory: about {byte_size(estimate.memory)}",
        _space(requested[1], estimate.free),
        f"images likely to be skipped: {skips}",
    ]
    if estimate.seconds_on_twice is not None:
        lines.insert(1, f"on twice as many workers: {about_duration(estimate.seconds_on_twice)}")
    if estimate.reducible >= MANY:
        lines.append(
            f"with --fast, {estimate.reducible:.0%} of the images would be decoded at reduced "
            "size, in about half the time"
        )
    lines += [f"instead, {kind}: about {byte_size(n_bytes)}" for kind, n_bytes in others]
    if estimate.free is not None and requested[1] > estimate.free:
        lines.append("not enough free space on that disk")
    return lines, vars(estimate)


def _space(needed: int, free: int | None) -> str:
    if free is None:
        return f"in the store: about {byte_size(needed)}"
    return f"disk: about {byte_size(needed)}; {byte_size(free)} free"


def safety_line(safety: WeightSafety) -> str:
    """Describe what weights do to the loss."""
    return (
        f"weights {safety.smallest:.4g} to {safety.largest:.4g}, "
        f"effective sample size {safety.effective_share:.0%} of the pixels, "
        f"near-gray {safety.gray_before:.0%} of the pixels and {safety.gray_after:.0%} of the loss"
    )


def skip_facts(skipped: Sequence[Skip]) -> dict[str, Any]:
    """Return the skipped images, for JSON."""
    return {"skipped": [skip._asdict() for skip in skipped]}


def skip_line(skipped: Sequence[Skip]) -> str:
    """Return how many images were skipped, after a comma; empty if none were."""
    return f", {len(skipped)} skipped" if skipped else ""


def _at(meta: Mapping[str, Any]) -> str:
    size, fast = meta["size"], " (--fast)" if meta.get("fast") else ""
    return "native size" if size == "native" else f"{size} x {size}{fast}"
