"""The output of a comparison of methods: a table in several formats, and the metrics of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ...atomic import check_replaceable, write_csv, write_json, write_text
from ...errors import OutputExists
from ...images.skip import Skip
from ...metrics.methods import BETTER, MethodComparison, excludes_zero
from ...metrics.protocol import DIFFERENCES_PROTOCOL, protocol_hash
from ...metrics.resampling import LEVEL, Measured
from ...metrics.summary import Columns
from ...printable import printable
from ...report.method_tables import as_latex, as_markdown, differences_table, means_table, notes_on
from .files import measured_facts
from .methods_sources import source_lines

COMPARISON_SCHEMA = "colorprep.comparison/1"
METHODS = "methods.json"
TABLE_COLUMNS = (
    "metric",
    "better",
    "method",
    "mean",
    "low",
    "high",
    "n",
    "n_left_out",
    "difference",
    "difference_low",
    "difference_high",
    "difference_n",
    "excludes_zero",
)


class MethodFiles(NamedTuple):
    """The paths of a comparison's files.

    Attributes
    ----------
    facts, markdown, latex, table : Path
        The same table as JSON, with all that was compared; Markdown; LaTeX; and CSV, a line for
        each metric of each method.
    images : Path
        The metrics of each image and method, as CSV.
    page : Path
        Tables and pictures as HTML.
    """

    facts: Path
    markdown: Path
    latex: Path
    table: Path
    images: Path
    page: Path


@dataclass(frozen=True)
class Findings:
    """What was found about several methods.

    Attributes
    ----------
    comparison : MethodComparison
    keys : sequence of str
        Of the images.
    columns : mapping of str to mapping of str to ndarray
        By method: the metrics of each image.
    protocol : str
    left_out : sequence of Skip
        Images that were not compared.
    provenance : mapping
        Describes what was compared, for JSON.
    """

    comparison: MethodComparison
    keys: Sequence[str]
    columns: Mapping[str, Columns]
    protocol: str
    left_out: Sequence[Skip]
    provenance: Mapping[str, Any]


def method_files(folder: Path) -> MethodFiles:
    """Return the paths of the files in a folder."""
    others = ("methods.md", "methods.tex", "methods.csv", "methods-images.csv", "methods.html")
    return MethodFiles(*(folder / name for name in (METHODS, *others)))


def check_method_files(files: MethodFiles) -> None:
    """Raise OutputExists if the files could not be written, before any work is done."""
    folder = files.facts.parent
    if folder.exists() and not folder.is_dir():
        raise OutputExists(f"{folder} is a file, not a folder; choose another with -o")
    for path in files:
        check_replaceable(path)


def write_method_files(files: MethodFiles, findings: Findings, page: str) -> None:
    """Write all files; `page` is the page of HTML."""
    comparison = findings.comparison
    write_json(files.facts, _facts(findings))
    protocols = f"Protocols: `{findings.protocol}`, `{DIFFERENCES_PROTOCOL}`"
    paragraphs = [*table_texts(findings), *_origin_texts(findings), protocols]
    write_text(files.markdown, "\n\n".join(paragraphs) + "\n")
    write_text(files.latex, _latex(findings))
    write_csv(files.table, TABLE_COLUMNS, _table_rows(comparison))
    metrics = list(dict.fromkeys(name for one in findings.columns.values() for name in one))
    write_csv(files.images, ["key", "method", *metrics], _image_rows(findings, metrics))
    write_text(files.page, page)


def comparison_facts(comparison: MethodComparison) -> dict[str, Any]:
    """Return a comparison for JSON."""
    methods = {
        name: {
            "metrics": measured_facts(comparison.measured[name]),
            "differences": {
                metric: one._asdict() | {"excludes_zero": excludes_zero(one)}
                for metric, one in comparison.differences.get(name, {}).items()
            },
        }
        for name in comparison.methods
    }
    return {
        "baseline": comparison.baseline,
        "level": LEVEL,
        "n_comparisons": comparison.n_comparisons,
        "n_excluding_zero": comparison.n_marked,
        "n_by_chance": comparison.n_by_chance,
        "better": {metric: BETTER.get(metric) for metric in comparison.metrics},
        "methods": methods,
    }


def comparison_of(facts: Mapping[str, Any]) -> MethodComparison:
    """Return the comparison that ``methods.json`` describes; LookupError or TypeError if none."""
    methods = facts["methods"]
    measured, differences = (
        {
            name: {metric: _measured(figures) for metric, figures in one[kind].items()}
            for name, one in methods.items()
        }
        for kind in ("metrics", "differences")
    )
    del differences[facts["baseline"]]
    return MethodComparison(facts["baseline"], measured, differences)


def _measured(figures: Mapping[str, Any]) -> Measured:
    return Measured(**{name: figures[name] for name in Measured._fields})


def _facts(findings: Findings) -> dict[str, Any]:
    return {
        "schema": COMPARISON_SCHEMA,
        "protocol": findings.protocol,
        "protocol_hash": protocol_hash(findings.protocol),
        "differences_protocol": DIFFERENCES_PROTOCOL,
        "n_images": len(findings.keys),
        **comparison_facts(findings.comparison),
        **findings.provenance,
        "left_out": [skip._asdict() for skip in findings.left_out],
    }


def table_texts(findings: Findings) -> list[str]:
    """Return the paragraphs of the tables in Markdown: captions, tables, and notes."""
    comparison = findings.comparison
    tables = means_table(comparison), differences_table(comparison)
    texts = [text for table in tables for text in (f"{table.caption}:", as_markdown(table))]
    return [*texts, "\n".join(f"- {note}" for note in notes_on(comparison, len(findings.keys)))]


def _origin_texts(findings: Findings) -> list[str]:
    """Return the paragraphs on what was compared, and the warnings, in Markdown."""
    lines = [f"- {name}: {source}" for name, source in source_lines(findings.provenance)]
    cautions = [f"- {warning}" for warning in findings.provenance["warnings"]]
    lists = {"What was compared:": lines, "Warnings:": cautions}
    return [text for title, each in lists.items() if each for text in (title, "\n".join(each))]


def _latex(findings: Findings) -> str:
    comparison = findings.comparison
    notes = notes_on(comparison, len(findings.keys))
    tables = as_latex(means_table(comparison), notes), as_latex(differences_table(comparison))
    protocols = (findings.protocol, DIFFERENCES_PROTOCOL)
    comments = [
        r"\usepackage{booktabs}",
        *(f"protocol: {line}" for line in protocols),
        *(f"{name}: {source}" for name, source in source_lines(findings.provenance)),
        *(f"warning: {warning}" for warning in findings.provenance["warnings"]),
    ]
    head = [f"% {printable(comment)}" for comment in comments]
    return "\n".join([*head, *tables]) + "\n"


def _table_rows(comparison: MethodComparison) -> Iterator[list[Any]]:
    """Yield a line for each metric of each method; empty where there is no difference."""
    for metric in comparison.metrics:
        for name in comparison.methods:
            measured = comparison.measured[name].get(metric)
            if measured is None:
                continue
            line = [metric, BETTER.get(metric, ""), name, *measured]
            difference = comparison.differences.get(name, {}).get(metric)
            if difference is None:
                yield [*line, *[""] * 5]
            else:
                yield [*line, *difference[:4], int(excludes_zero(difference))]


def _image_rows(findings: Findings, metrics: Sequence[str]) -> Iterator[list[Any]]:
    """Yield a line for each image and method; empty where a method lacks a metric."""
    columns = {
        name: [one[metric].tolist() if metric in one else None for metric in metrics]
        for name, one in findings.columns.items()
    }
    for index, key in enumerate(findings.keys):
        for name, values in columns.items():
            yield [key, name, *("" if column is None else column[index] for column in values)]
