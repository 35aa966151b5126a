"""The class of an image, which is part of its key, or is stored beside the image.

=============  ==================================================  ==============================
rule           class                                               of ``train/cat/img-12-dog.png``
=============  ==================================================  ==============================
``"top"``      the top folder                                      ``train``
``"parent"``   the folder that holds the image                     ``cat``
1, 2, ...      the folder at this level; 1 is the top              ``train``, ``cat``
``"name"``     what follows the last hyphen in the file's name,    ``dog``
               as in CIFAR-10 unpacked by dl-project-colorization
``"cls"``      what ``img-12-dog.cls`` holds, as in webdataset;    (``dog``)
               see `colorprep.images.sidecars`
``"column"``   what the class column of a parquet file holds       (``dog``)
               in the row of the image; ``"column:NAME"`` for
               that of a name, see
               `colorprep.images.parquet_classes`
=============  ==================================================  ==============================

Classes beside the images are looked up once, and are then a rule themselves: a mapping by key.
An image to which a rule gives no class has the class ``""``, and the class id -1 in labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from ..errors import InputError
from .pairing import stem_of
from .source import top_folder

ClassFrom: TypeAlias = str | int  # as in the table
IN_KEY = ("top", "parent", "name")
COLUMN = "column"
ClassRule: TypeAlias = ClassFrom | Mapping[str, str]


class DeclaredClasses(dict[str, str]):
    """The classes of images by their keys, of a data set that declares its classes.

    Attributes
    ----------
    names : sequence of str
        All classes, in the order of the data set's own numbers.
    """

    def __init__(self, by_key: Mapping[str, str], names: Sequence[str]) -> None:
        super().__init__(by_key)
        self.names = names


def class_of(key: str, class_from: ClassRule = "top") -> str:
    """Return the class of an image by a rule; empty for none.

    Examples
    --------
    >>> class_of("train/cat/x.jpg"), class_of("train/cat/x.jpg", 2), class_of("x.jpg")
    ('train', 'cat', '')
    """
    return _rule(class_from)(key)


def class_ids(keys: Iterable[str], classes: Iterable[str], class_from: ClassRule) -> list[int]:
    """Return the class id of each image: the position of its class, -1 for an image without one.

    Examples
    --------
    >>> class_ids(["b/x.jpg", "y.jpg"], ["a", "b"], "top")
    [1, -1]
    """
    ids = {name: number for number, name in enumerate(classes)}
    rule = _rule(class_from)
    return [ids.get(rule(key), -1) for key in keys]


def class_names(keys: Iterable[str], class_from: ClassRule = "top") -> list[str]:
    """Return the classes of images, sorted; those beside the images by value if they are numbers.

    Declared classes are returned as they are declared, including those without an image.

    Examples
    --------
    >>> class_names(["x.jpg", "y.jpg"], {"x.jpg": "10", "y.jpg": "9"})
    ['9', '10']
    """
    if isinstance(class_from, DeclaredClasses):
        return list(class_from.names)
    names = set(map(_rule(class_from), keys)) - {""}
    return sorted(names, key=_numbers_first) if isinstance(class_from, Mapping) else sorted(names)


def parse_class_from(text: str) -> ClassFrom:
    """Read top|parent|name|cls|column|column:NAME|LEVEL; level 1 is the top.

    Raises
    ------
    InputError
        If the text has another form.
    """
    if text.isdecimal() and int(text) > 0:
        return int(text) if int(text) > 1 else "top"
    if not is_rule(text):
        raise InputError(
            "classes are taken by top, parent, name, cls, column, column:NAME or the level of a "
            f"folder (1 is the top), not by {text!r}"
        )
    return text


def is_rule(value: object) -> bool:
    """Return whether a value is a rule of the table above.

    Examples
    --------
    >>> is_rule("top"), is_rule("column:label"), is_rule(0)
    (True, True, False)
    """
    if isinstance(value, str):
        name = value.removeprefix(f"{COLUMN}:")
        return value in (*IN_KEY, "cls", COLUMN) or name not in ("", value)
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_beside(class_from: ClassFrom) -> bool:
    """Return whether classes are stored beside the images, not in their keys.

    Examples
    --------
    >>> is_beside("cls"), is_beside(2)
    (True, False)
    """
    return isinstance(class_from, str) and class_from not in IN_KEY


def _numbers_first(name: str) -> tuple[bool, int, str]:
    is_number = name.isdecimal()
    return not is_number, int(name) if is_number else 0, name


def _rule(class_from: ClassRule) -> Callable[[str], str]:
    if isinstance(class_from, Mapping):
        return lambda key: class_from.get(key, "")
    if isinstance(class_from, int):
        return lambda key: _folder_at(key, class_from)
    if is_beside(class_from):
        raise InputError(
            f"the classes of --class-from {class_from} are beside the images, where they are not "
            "read here; for this, give images in folders of classes, and label them anew"
        )
    return {"top": top_folder, "parent": _parent, "name": _in_name}[class_from]


def _parent(key: str) -> str:
    return key.rpartition("/")[0].rpartition("/")[2]


def _folder_at(key: str, level: int) -> str:
    folders = key.split("/")[:-1]
    return folders[level - 1] if level <= len(folders) else ""


def _in_name(key: str) -> str:
    _, hyphen, last = stem_of(key).rpartition("/")[2].rpartition("-")
    return last if hyphen and last.strip(".") else ""  # dots alone would be a path
