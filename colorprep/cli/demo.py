"""`colorprep demo`."""

from __future__ import annotations

import click

from . import options
from .console import Session
from .describe import safety_line


@options.command(["colorprep demo", "colorprep demo --out /tmp/colorprep-demo"])
@click.option("--out", metavar="FOLDER", help="Folder to work in. [demo]")
def command(session: Session, out: str | None) -> None:
    """Run the whole chain on built-in photographs.

    Goes from photographs to the pictures of a trained network in a minute or two, and lists the
    files to look at.
    """
    from ..stages import demo as stage

    result = stage.run(out, session.workspace, session.reporter)
    records = (result.train.records[0], result.train.best_record)
    first_loss, best_loss = (record.figures["val_loss"] for record in records)
    n_in_range = f"{result.rgbvar.n_in_range} of {len(result.rgbvar.ranking.order)} images"
    width = max(len(path.as_posix()) for path in result.pictures.values())
    lines = [
        "",
        f"prior     {result.prior.whole.path}",
        f"weights   {safety_line(result.prior.whole.weights.safety)}",
        f"labels    {result.labels.n_images} images, {result.labels.n_bytes / 1e6:.1f} MB",
        f"rgbvar    the {n_in_range} that are most colorful",
        f"train     loss {first_loss:.2f} -> {best_loss:.2f} nats per pixel "
        "on held-out crops (of the same photographs, so this shows that the chain works, not "
        "that the network generalizes)",
        "",
        "Look at:",
        *(f"  {path.as_posix():{width}}  {what}" for what, path in result.pictures.items()),
    ]
    facts = {
        "workspace": result.workspace.root,
        "prior": result.prior.whole.path,
        "labels": result.labels.folder,
        "list": result.rgbvar.list_path,
        "run": result.train.folder,
        "colorized": result.colorize.written,
        "pictures": result.pictures,
    }
    session.show(lines, facts)
