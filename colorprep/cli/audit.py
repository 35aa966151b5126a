"""`colorprep audit`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..places import each_place, is_url, shown_url
from ..printable import first_of
from . import options
from .console import Session
from .describe import quantity

if TYPE_CHECKING:
    from ..stages.audit import AuditResult
    from ..stages.source import ImageParams

SHOWN = 10  # of the classes left empty

# Repeated here so that --help need not import the audit.
REASONS = ("corrupt", "gray", "toned", "duplicate", "tiny")


@options.command(
    [
        "colorprep audit --dir train/",
        "colorprep audit --dir train/ --val val.txt --allow gray --allow tiny",
    ]
)
@options.source_argument
@options.image_options
@click.option(
    "--val", "validation", metavar="LIST", help="Report pictures both in this list and outside it."
)
@click.option(
    "--allow",
    "allowed",
    type=click.Choice(REASONS),
    multiple=True,
    help="Note this reason, but drop no image for it; may be repeated.",
)
@options.class_option
@options.output_option("audit", "Folder for the table and the contact sheets.")
def command(session: Session, **values: Any) -> None:
    """Find gray, toned, broken, duplicate and tiny images.

    Writes audit/audit.csv with the reasons, and lists/keep.txt and lists/drop.txt for use with
    --list. Nothing is deleted. An image is toned, like a sepia print, if its color follows from
    its lightness. Small, plain photographs of one color and white can be mistaken for toned ones,
    so look at audit/toned.jpg.
    """
    from ..stages import audit as stage

    with options.wrong_usage():
        params = stage.AuditParams(**values)
    result = stage.run(params, session.workspace, session.reporter)
    use = _use(params.images, session, result) if result.summary["n_kept"] else None
    facts = {
        "use": use,
        "audit": result.table,
        "keep": result.keep,
        "drop": result.drop,
        "class_counts": result.classes,
        "summary": result.summary_path,
        "sheets": result.sheets,
        **result.summary,
    }
    lines = _lines(result)
    if use is not None:
        lines.append(f"to use these lists: {use}")
    session.show(lines, facts)


def _use(images: ImageParams, session: Session, result: AuditResult) -> str:
    """Return the shell command that counts only the images to keep."""
    workspace = session.workspace
    words = ["colorprep", "prior"]
    if workspace.root != Path():
        words += ["-C", str(workspace.root)]
    sources = [str(each) for each in each_place(images.folder or workspace.remembered_source())]
    if all(not is_url(source) or shown_url(source) == source for source in sources):
        # A URL with a password is omitted; the workspace remembers it.
        words += [word for source in sources for word in ("--dir", source)]
    words += ["--archive-folders"] if images.archive_folders else []
    words += ["--image-column", images.image_column] if images.image_column else []
    words += ["--list", workspace.shown(result.keep)]
    for option, rule, default in (
        ("--icc", images.icc, "convert"),
        ("--orientation", images.orientation, "apply"),
    ):
        words += [] if rule == default else [option, rule]
    return shlex.join(words)


def _lines(result: Any) -> list[str]:
    """Return the lines to print."""
    summary = result.summary
    lines = [
        f"{result.table.as_posix()}: {quantity(summary['n_images'], 'image')}, "
        f"{summary['n_kept']:,} to keep, {summary['n_dropped']:,} to drop",
        f"{result.keep.as_posix()}, {result.drop.as_posix()}: the lists of both",
    ]
    for reason, n_images in summary["reasons"].items():
        picture = f"  {result.sheets[reason].as_posix()}" if reason in result.sheets else ""
        lines.append(f"  {reason:10}{n_images:>8,}{picture}")
    notes = [f"{n:,} {note}" for note, n in summary["notes"].items() if n]
    lines.append(f"notes: {', '.join(notes) or 'none'}")
    published = summary["published"]
    lines.append(
        f"gray by the mask of Zhang et al.: {published['zhang_mask_gray']:,}; by the range of ab, "
        f"as in colorization-pytorch: {published['ab_range_gray']:,}"
    )
    sampled = [f"{n:,} {name}" for name, n in summary["subsampling"].items()]
    lines.append(f"chroma subsampling: {', '.join(sampled) or 'none'}")
    return lines + _leak_lines(summary) + _class_lines(result)


def _leak_lines(summary: dict[str, Any]) -> list[str]:
    if not summary["n_leaks"]:
        return []
    n_leaks, shown = summary["n_leaks"], summary["leaks"]
    lines = [f"{quantity(n_leaks, 'picture')} in both training and validation:"]
    lines += [f"  {', '.join(s['validation'])} = {', '.join(s['training'])}" for s in shown]
    if n_leaks > len(shown):
        lines.append(f"  and {n_leaks - len(shown):,} more, noted as leak in the table")
    return lines


def _class_lines(result: Any) -> list[str]:
    classes = result.summary["classes"]
    ranges = [
        f"{counts['smallest']:,} to {counts['largest']:,} (median {counts['median']:g})"
        for counts in (classes["images"], classes["kept"])
    ]
    lines = [
        f"{result.classes.as_posix()}: {quantity(classes['n_classes'], 'class', 'classes')}, with "
        f"{ranges[0]} images each, {ranges[1]} to keep"
    ]
    emptied = classes["emptied"]
    if emptied:
        shown = [name or "(images in no folder)" for name in emptied]
        lines.append(f"classes left empty: {first_of(shown, SHOWN)}")
    return lines
