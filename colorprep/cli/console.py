"""Output of the command line: results on stdout, everything else on stderr.

Control characters in file names are escaped for the terminal; JSON has its own escapes.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from .. import decoder_messages
from ..places import Location, Url
from ..printable import printable, printable_json
from ..progress import Advance, Reporter
from ..workspace import Workspace
from .progress_lines import ProgressLines

SHOWN_REPLACED = 10

BAR = (
    "{desc}: {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt}{unit}  "
    "{rate_noinv_fmt}  {remaining} left{postfix}"
)


class Console(Reporter):
    """Shows progress and writes messages to stderr and, if given, to a log file.

    Parameters
    ----------
    quiet : bool
        Omit progress and notes; warnings stay.

    Attributes
    ----------
    passed_over : list of (str, mapping of str to int)
        For each source its name, and the number of files of each kind that are not images.
    all_replaced : list of dict
        ``path`` and ``what`` of each replaced file.
    """

    def __init__(self, quiet: bool, log_file: Path | None) -> None:
        self._quiet = quiet
        self._write: Callable[[str], object] = _to_stderr
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
        """Show units per second and the time left: as a bar on a terminal, else as lines."""
        title = printable(title)
        self._log.info("%s: %d %s", title, total, unit)
        if self._quiet:
            yield lambda n, detail="": None
        elif sys.stderr.isatty():
            with self._bar(total, unit, title) as advance:
                yield advance
        else:
            yield ProgressLines(title, total, unit, lambda line: self._write(printable(line)))

    @contextmanager
    def _bar(self, total: int, unit: str, title: str) -> Iterator[Advance]:
        """Draw a bar; messages are written above it."""
        from tqdm import tqdm  # imported only when needed

        with tqdm(
            total=total,
            desc=title,
            unit=f" {unit}",
            file=sys.stderr,
            bar_format=BAR,
        ) as bar:

            def advance(n: int, detail: str = "") -> None:
                if detail:
                    bar.set_postfix_str(printable(detail), refresh=False)
                bar.update(n)

            before, self._write = self._write, partial(bar.write, file=sys.stderr)
            try:
                yield advance
            finally:
                self._write = before

    def pass_over(self, source: str, counts: Mapping[str, int]) -> None:
        """Warn of files in a source that are not images, once per source."""
        from ..images.passed_over import described  # slow to import: it loads the image readers

        if (source, counts) not in self.passed_over:
            self.passed_over.append((source, counts))
            if counts:
                self.warn(f"{source}: {described(counts)}")

    def note(self, message: str) -> None:
        """Write a message, unless quiet."""
        message = printable(message)
        self._log.info(message)
        if not self._quiet:
            self._write(message)

    def _show(
        self, message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any
    ) -> None:
        if decoder_messages.is_by_decoder(filename):
            self._log.warning("%s: %s", Path(filename).name, message)
        else:
            self.warn(str(message))

    def warn(self, message: str) -> None:
        """Write a warning, even if quiet."""
        message = printable(message)
        self._log.warning(message)
        self._write(f"warning: {message}")

    def replaced(self, path: Location, what: str) -> None:
        """Warn of the first few replaced files, and collect all of them for --json."""
        self.all_replaced.append({"path": str(path), "what": what})
        if len(self.all_replaced) <= SHOWN_REPLACED:
            super().replaced(path, what)

    def close(self) -> None:
        """Warn of replaced files that were not listed."""
        n_more = len(self.all_replaced) - SHOWN_REPLACED
        if n_more > 0:
            self.warn(f"{n_more:,} more files were replaced; --json lists all of them")


class Session:
    """What every command gets: the workspace, the reporter, and how to print results.

    Parameters
    ----------
    as_json : bool
        Print results as one JSON object instead of text.
    """

    def __init__(self, workspace: Workspace, reporter: Console, as_json: bool) -> None:
        self.workspace = workspace
        self.reporter = reporter
        self.as_json = as_json

    def show(self, lines: Sequence[str], facts: Mapping[str, Any]) -> None:
        """Print a result to stdout: the lines, or with --json the facts as one object.

        Adds ``replaced`` and ``passed_over`` (files of each kind, over all sources) to the facts.
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


def _to_stderr(message: str) -> None:
    click.echo(message, err=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Path | Url):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
