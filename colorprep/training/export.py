"""A trained network for other programs: its weights as safetensors, and how to use them.

`MODEL_NAME` has only weights, so that it loads directly. Its header describes them, and so does
`FACTS_NAME`, in a readable form.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..artifacts import check_schema
from ..atomic import replacing, write_json
from ..errors import ArtifactError, InputError
from ..quantize.decoding import TEMPERATURE
from ..quantize.quantizer import Quantizer
from .checkpoint import Checkpoint
from .models.inputs import BGR_MEANS, LUMA_WEIGHTS, blank_batch, inputs_of, takes
from .models.outputs import AB_UNIT, HEADS, hue_and_chroma_bins, split_heads

MODEL_SCHEMA = "colorprep.model/1"
MODEL_NAME = "model.safetensors"
FACTS_NAME = "model.json"
CENTERS_NAME = "model-centers.npy"
HEADER = "colorprep"
PROBED_SIDE = 64  # of an image that shows the resolution of a network's outputs


def export_model(checkpoint: Checkpoint, folder: Path) -> list[Path]:
    """Write a network for other programs.

    Parameters
    ----------
    folder : Path
        For the files.

    Returns
    -------
    list of Path
        ``model.safetensors``, ``model.json`` and, if it has logits over bins,
        ``model-centers.npy``, (Q, 2) float64.

    Raises
    ------
    InputError
        If the network has a head or an input that `FACTS_NAME` does not describe.
    """
    _check_exportable(checkpoint)
    facts = model_facts(checkpoint)
    # The entries of a safetensors header have no fixed order; with one entry, bytes are the same.
    header = {HEADER: json.dumps(facts, ensure_ascii=True)}
    with replacing(folder / MODEL_NAME) as temporary:
        # Its `save_file` would make the file readable for its owner alone.
        temporary.write_bytes(save(_plain_tensors(checkpoint.model), header))
    write_json(folder / FACTS_NAME, facts)
    if all(HEADS[head].logits is None for head in checkpoint.heads):
        return [folder / MODEL_NAME, folder / FACTS_NAME]
    with replacing(folder / CENTERS_NAME) as temporary, temporary.open("wb") as stream:
        np.save(stream, checkpoint.quantizer.centers)
    return [folder / MODEL_NAME, folder / FACTS_NAME, folder / CENTERS_NAME]


def model_facts(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the facts needed to use a network, in plain values, for JSON.

    What there is one of for each input or head is a mapping by their names if there are several.
    """
    quantizer, config = checkpoint.quantizer, checkpoint.config
    probed, heads = _probe(checkpoint), checkpoint.heads
    return {
        "schema": MODEL_SCHEMA,
        "model": config["model"],
        "width": config.get("width", 1.0),
        "n_parameters": checkpoint.n_parameters,
        "outputs": heads[0] if len(heads) == 1 else list(heads),
        "n_outputs": _one_or_by_name(checkpoint.channels),
        "quantizer": {
            "name": quantizer.name,
            "fingerprint": quantizer.fingerprint,
            "space": quantizer.space,
            "n_bins": len(quantizer.centers),
            "parameters": quantizer.parameters,
        },
        "input": _one_or_by_name(
            {
                name: {"shape": ["batch", channels, *probed.sides()], **_INPUTS[name]}
                for name, channels in probed.channels.items()
            }
        ),
        "output": _one_or_by_name(
            {
                head: {"shape": ["batch", n, *probed.sides(head)], "are": _MEANINGS[head]}
                for head, n in checkpoint.channels.items()
            }
        ),
        "decoding": _decoding(checkpoint.head, quantizer),
        "settings": config.get("settings", {}),
    }


def _one_or_by_name(values: dict[str, Any]) -> Any:
    """Return the value of a mapping that has one, else the mapping."""
    return values if len(values) > 1 else next(iter(values.values()))


def read_facts(path: Path) -> dict[str, Any]:
    """Return the facts in the header of an exported network.

    Raises
    ------
    ArtifactError
        If the file is damaged, newer than this version, or not an export of colorprep.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {})[HEADER])
        schema = str(facts["schema"])
    except (
        OSError, SafetensorError, ValueError, LookupError, TypeError, RecursionError,
    ) as error:  # fmt: skip
        raise ArtifactError(
            f"{path} is damaged or not an export of colorprep; export the network again"
        ) from error
    check_schema(path, schema, MODEL_SCHEMA)
    return facts


def _plain_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return a state dict of separate, contiguous tensors, with floating-point ones as float32."""
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor)
        .detach()
        .cpu()
        .clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }


def _check_exportable(checkpoint: Checkpoint) -> None:
    heads, inputs = checkpoint.heads, takes(checkpoint.model)
    for what, names, known in (("head", heads, _MEANINGS), ("input", inputs, _INPUTS)):
        for name in names:
            if name not in known:
                raise InputError(
                    f"networks with the {what} {', '.join(known)} can be exported; this one has "
                    f"{name}; use it by `colorprep.training.checkpoint.load_checkpoint`"
                )


class _Probed(NamedTuple):
    """The shapes of a network's inputs and outputs.

    Attributes
    ----------
    channels : dict of str to int
        Of each input.
    side : int or None
        The only height and width that it takes, if it is fixed.
    factors : dict of str to int
        By which each head reduces the resolution.
    """

    channels: dict[str, int]
    side: int | None
    factors: dict[str, int]

    def sides(self, head: str | None = None) -> list[int | str]:
        """Return height and width of the inputs, or of a head."""
        if head is None:
            return ["height", "width"] if self.side is None else [self.side, self.side]
        factor = self.factors[head]
        return [
            -(-side // factor) if isinstance(side, int) else f"ceil({side} / {factor})"
            for side in self.sides()
        ]


@torch.no_grad()
def _probe(checkpoint: Checkpoint) -> _Probed:
    model = checkpoint.model
    fixed: int | None = getattr(model, "fixed_side", None)
    step: int = getattr(model, "side_step", 1)
    side = fixed or step * -(-PROBED_SIDE // step)
    with next(model.parameters()).device:
        given = inputs_of(model, blank_batch(side, {}))
        heads = split_heads(model(*given), checkpoint.channels)
    channels = {name: each.shape[1] for name, each in zip(takes(model), given, strict=True)}
    return _Probed(channels, fixed, {head: side // each.shape[3] for head, each in heads.items()})


def _decoding(meaning: str, quantizer: Quantizer) -> dict[str, Any]:
    """Describe, in steps, how outputs become colors."""
    last = (
        "color (i, j) is of the middle of pixel (stride i, stride j) of the photograph at size x "
        "size (see settings): from there enlarge a and b bilinearly to the photograph, and join "
        "them with its own L; reduce chroma where sRGB cannot show it"
    )
    if meaning == "ab":
        return {"ab_unit": AB_UNIT, "steps": [f"(a, b) = {AB_UNIT:g} z, in CIELAB units", last]}
    if meaning == "rgb":
        steps = [
            "take rows and columns 0, stride, 2 stride, ... (see settings)",
            "R, G, B = (z + 1) / 2, from 0 to 1; (a, b) of their color in CIE Lab (D65)",
            last,
        ]
        return {"steps": steps}
    facts: dict[str, Any] = {"temperature": TEMPERATURE}
    steps = []
    if meaning == "bins-and-ignored":
        steps.append("leave out the last channel")
    if meaning == "hue-and-chroma":
        facts["n_hues"], facts["n_chromas"] = hue_and_chroma_bins(quantizer)
        steps.append("z of bin c * n_hues + h is channel h plus channel n_hues + c")
    steps.append("p = softmax(z / temperature) over the bins")
    if quantizer.space == "ab":
        steps += [f"(a, b) = sum of p times {CENTERS_NAME}, in CIELAB units", last]
    elif quantizer.parameters.get("linear_hue"):
        steps += [f"(h, C) = sum of p times {CENTERS_NAME}", _HUE_AND_CHROMA]
    else:
        steps += [
            f"(h, C) are the rows of {CENTERS_NAME}; x + i y = sum of p C exp(2 pi i h)",
            "C = |x + i y|, h = its angle as a share of a full turn",
            _HUE_AND_CHROMA,
        ]
    return {**facts, "steps": steps}


_HUE_AND_CHROMA = (
    "h, 0 to 1, and C = max - min of R, G, B, 0 to 1, are HSL's, at the lightness of the gray of L"
)
_MEANINGS = {
    "bins": "logits over the bins, without a softmax",
    "coarse-bins": "logits over the bins, without a softmax",
    "bins-and-ignored": "logits over the bins, and a last one for ignored pixels",
    "hue-and-chroma": "logits over the bins of hue, then over those of chroma",
    "ab": f"a and b in units of {AB_UNIT:g} CIELAB units",
    "rgb": "R, G, B of sRGB, from -1 to 1",
}
_INPUTS: dict[str, dict[str, Any]] = {
    "lightness": {
        "range": [-1.0, 1.0],
        "is": "round(2.55 L) / 127.5 - 1, L the lightness of CIE Lab (D65), 0 to 100",
    },
    "hints": {
        "range": [-1.0, 1.0],
        "is": f"a and b of hints in units of {AB_UNIT:g} CIELAB units, and a mask of 1; where "
        "there is no hint, all three are 0",
    },
    "luma": {
        "range": [0.0, 1.0],
        "is": "{:g} R + {:g} G + {:g} B, of sRGB from 0 to 1".format(*LUMA_WEIGHTS),
    },
    "caffe-gray": {
        "range": [-max(BGR_MEANS), 255.0 - min(BGR_MEANS)],
        "is": "B, G, R, 0 to 255, of the gray of round(2.55 L) / 2.55, L the lightness of CIE Lab "
        "(D65), less {:g}, {:g}, {:g}".format(*BGR_MEANS),
    },
}
