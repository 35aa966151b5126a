"""The methods that `colorprep evaluate` compares, from its options, and what it prints of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..workspace import COLORIZED
from .console import Session

if TYPE_CHECKING:
    from ..stages.evaluate import EvaluateParams, MethodsResult
    from ..workspace import Workspace

NAMED = re.compile(r"([^=/\\:]+)=(.+)", re.DOTALL)


def methods_of(
    workspace: Workspace,
    colorized: Sequence[str],
    checkpoint: Sequence[str],
    suffixes: Sequence[str],
    match: Any,
    **shared: Any,
) -> dict[str, EvaluateParams]:
    """Return what judges each method alone, by its name; at least one, which may be incomplete.

    Parameters
    ----------
    colorized, checkpoint : sequence of str
        As in ``NAME=PATH``, or a path, whose last part is then the name. If both are empty and
        originals are given, the pictures are those of ``colorized/``, if it exists.
    suffixes : sequence of str
        As in ``NAME=TEXT``, or a text for all methods whose pictures are given.
    **shared
        Other fields of `EvaluateParams`, for all methods.

    Raises
    ------
    InputError
        If two methods have one name, or options do not go together.
    """
    from ..errors import InputError
    from ..stages.evaluate import EvaluateParams

    only_originals = shared["original"] is not None and not (colorized or checkpoint)
    if only_originals and workspace.path(COLORIZED).is_dir():
        colorized = [COLORIZED]
    named = [("colorized", *_named(text, workspace)) for text in colorized]
    named += [("checkpoint", *_named(text, workspace)) for text in checkpoint]
    names = [name for _, name, _ in named]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(
            f"two methods are called {twice[0]}; name them, as in --colorized NAME=SOURCE"
        )
    have_names = any(place not in (*colorized, *checkpoint) for _, _, place in named)
    suffix_of = _suffixes(suffixes, names, have_names)
    common = suffix_of.pop("", "")
    if len(named) < 2:
        places: dict[str, Any] = {kind: place for kind, _, place in named}
        suffix = next(iter(suffix_of.values()), common)
        return {"".join(names): EvaluateParams(**places, match=match, suffix=suffix, **shared)}
    only_stored = {"match": match, "temperature": None, "features": None}
    methods = {}
    for kind, name, place in named:
        if kind == "checkpoint":
            own = shared | _originals_for_network(shared)
            suffix = suffix_of.get(name, "")
        else:
            own = shared | (only_stored if checkpoint else {"match": match})
            suffix = suffix_of.get(name, common)
        methods[name] = EvaluateParams(**own | {kind: place, "suffix": suffix})
    return methods


def _originals_for_network(shared: dict[str, Any]) -> dict[str, Any]:
    """Return the originals of all methods as those that a network colors."""
    from ..errors import InputError

    original, images = shared["original"], shared["images"]
    if original is None:
        return {}
    if images.folder is not None:
        raise InputError("--original and --dir are both given; give the originals with --original")
    return {"original": None, "images": replace(images, folder=original)}


def _named(text: str, workspace: Workspace) -> tuple[str, str]:
    """Return the name and the place of a method; a folder named ``a=b`` has no other name."""
    found = NAMED.fullmatch(text)
    if found is None or workspace.path(text).exists():
        return PurePosixPath(text.replace("\\", "/")).name or text, text
    return found[1], found[2]


def _suffixes(texts: Sequence[str], names: Sequence[str], have_names: bool) -> dict[str, str]:
    """Return suffixes by method; "" stands for all methods.

    A suffix may contain "=", except where methods are given as ``NAME=PATH``.
    """
    from ..errors import InputError

    found: dict[str, str] = {}
    for text in texts:
        name, equals, suffix = text.partition("=")
        if have_names and equals and name not in names:
            raise InputError(
                f"--suffix {text}: there is no method {name}; the methods are {', '.join(names)}"
            )
        name, suffix = (name, suffix) if name in names else ("", text)
        if name in found:
            raise InputError(f"--suffix is given twice for {name or 'all methods'}; give it once")
        found[name] = suffix
    return found


def show_methods(session: Session, result: MethodsResult) -> None:
    """Print the tables of several methods, and where the files are."""
    from ..metrics.protocol import protocol_hash
    from ..stages.evaluate.methods_files import comparison_facts, table_texts

    findings, files = result.findings, result.files
    protocol = protocol_hash(findings.protocol)
    lines = [
        *_spaced(table_texts(findings)),
        f"protocol {protocol}; {files.facts.as_posix()} has it whole, with all metrics",
        f"{files.markdown.as_posix()}, {files.latex.name}, {files.table.name}: these tables",
        f"{files.images.as_posix()}: metrics of each image",
        f"{files.page.as_posix()}: tables and pictures",
    ]
    facts = {
        **comparison_facts(findings.comparison),
        "n_images": len(findings.keys),
        "protocol": findings.protocol,
        "protocol_hash": protocol,
        "files": files._asdict(),
        "left_out": [skip._asdict() for skip in findings.left_out],
    }
    session.show(lines, facts)


def _spaced(texts: Sequence[str]) -> Iterator[str]:
    """Yield the lines of texts, with an empty line after each."""
    for text in texts:
        yield from text.splitlines()
        yield ""
