"""Output of the command line: results on stdout, everything else on stderr.

Control characters in names of files are escaped, except in JSON, which keeps them.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .. import decoder_messages
from ..printable import printable, printable_json
from ..progress import Advance, Reporter
from ..workspace import Workspace

SHOWN_REPLACED = 10

BAR = (
    "{desc}: {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt}{unit}  "
    "{rate_noinv_fmt}  {remaining} left{postfix}"
)


class Console(Reporter):
    """Draws progress bars and writes messages to stderr, and to a log file if there is one.

    Parameters
    ----------
    quiet : bool
        Leaves out bars and notes; warnings stay.
    log_file : Path or None

    Attributes
    ----------
    passed_over : list of (str, mapping of str to int)
        The name of each source, and the files in it that are not its images.
    """

    def __init__(self, quiet: bool, log_file: Path | None) -> None:
        self._quiet = quiet
        self.passed_over: list[tuple[str, Mapping[str, int]]] = []
        self.all_replaced: list[dict[str, str]] = []
        self._log = logging.getLogger("colorprep")
        self._log.setLevel(logging.INFO)
        self._log.propagate = False
        self._log.handlers = [logging.NullHandler()]
        if log_file is not None:
            handler = logging.FileHandler(log_file, encoding="utf-8")
            handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            self._log.handlers.append(handler)
            decoder_messages.log_to(handler)
        warnings.showwarning = self._show

    @contextmanager
    def track(self, total: int, unit: str, title: str) -> Iterator[Advance]:
        """Draw a bar with units a second and the time left."""
        from tqdm import tqdm  # only where there is something to draw

        title = printable(title)
        self._log.info("%s: %d %s", title, total, unit)
        # A log file or a pipe gets a line every ten seconds instead of ten a second.
        interval = 0.1 if sys.stderr.isatty() else 10.0
        with tqdm(
            total=total,
            desc=title,
            unit=f" {unit}",
            file=sys.stderr,
            disable=self._quiet,
            mininterval=interval,
            bar_format=BAR,
        ) as bar:

            def advance(n: int, detail: str = "") -> None:
                if detail:
                    bar.set_postfix_str(printable(detail), refresh=False)
                bar.update(n)

            yield advance

    def pass_over(self, source: str, counts: Mapping[str, int]) -> None:
        """Warn of files left out of a source, once however often it is opened."""
        from ..images.passed_over import described  # imports the image readers, which is slow

        if (source, counts) not in self.passed_over:
            self.passed_over.append((source, counts))
            if counts:
                self.warn(f"{source}: {described(counts)}")

    def note(self, message: str) -> None:
        """Write a message, unless quiet."""
        message = printable(message)
        self._log.info(message)
        if not self._quiet:
            click.echo(message, err=True)

    def _show(
        self, message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any
    ) -> None:
        if decoder_messages.is_by_decoder(filename):
            self._log.warning("%s: %s", Path(filename).name, message)
        else:
            self.warn(str(message))

    def warn(self, message: str) -> None:
        """Write a warning, quiet or not."""
        message = printable(message)
        self._log.warning(message)
        click.echo(f"warning: {message}", err=True)

    def replaced(self, path: Path, what: str) -> None:
        """Warn of the first files that were replaced, and remember all for --json."""
        self.all_replaced.append({"path": path.as_posix(), "what": what})
        if len(self.all_replaced) <= SHOWN_REPLACED:
            super().replaced(path, what)

    def close(self) -> None:
        """Report how many replaced files were not named."""
        n_more = len(self.all_replaced) - SHOWN_REPLACED
        if n_more > 0:
            self.warn(f"{n_more:,} more files were replaced; --json lists all of them")


class Session:
    """What a command works with: the workspace, a reporter, and where results go.

    Parameters
    ----------
    workspace : Workspace
    reporter : Console
    as_json : bool
        Whether results are one JSON object instead of text.
    """

    def __init__(self, workspace: Workspace, reporter: Console, as_json: bool) -> None:
        self.workspace = workspace
        self.reporter = reporter
        self.as_json = as_json

    def show(self, lines: Sequence[str], facts: Mapping[str, Any]) -> None:
        """Write a result to stdout: the lines, or the facts as one JSON object.

        The facts also hold ``passed_over``, the number of files of each kind, of all sources.
        """
        if self.as_json:
            facts = {**facts, "replaced": self.reporter.all_replaced}
            if self.reporter.passed_over:
                total = sum((Counter(n) for _, n in self.reporter.passed_over), Counter[str]())
                facts = {**facts, "passed_over": dict(sorted(total.items()))}
            text = json.dumps(facts, ensure_ascii=False, default=_plain)
            click.echo(printable_json(text))
        else:
            for line in lines:
                click.echo(printable(line))


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
