"""A trained network for other programs: its weights as safetensors, and how to use them.

`MODEL_NAME` has only weights, so that it loads directly. Its header describes them, and so does
`FACTS_NAME`, in a readable form.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..artifacts import check_schema
from ..atomic import replacing, write_json
from ..errors import ArtifactError, InputError
from ..quantize.decoding import TEMPERATURE
from ..quantize.quantizer import Quantizer
from .checkpoint import Checkpoint
from .models.outputs import AB_UNIT, HEADS, hue_and_chroma_bins

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
        ``model.safetensors``, ``model.json`` and, unless its outputs are ab, ``model-centers.npy``,
        (Q, 2) float64.
    """
    if len(checkpoint.heads) > 1:
        raise InputError(
            f"networks with one head can be exported; this one has {', '.join(checkpoint.heads)}"
        )
    facts = model_facts(checkpoint)
    # The entries of a safetensors header have no fixed order; with one entry, bytes are the same.
    header = {HEADER: json.dumps(facts, ensure_ascii=True)}
    with replacing(folder / MODEL_NAME) as temporary:
        save_file(_plain_tensors(checkpoint.model), temporary, header)
    write_json(folder / FACTS_NAME, facts)
    if HEADS[checkpoint.head].logits is None:
        return [folder / MODEL_NAME, folder / FACTS_NAME]
    with replacing(folder / CENTERS_NAME) as temporary, temporary.open("wb") as stream:
        np.save(stream, checkpoint.quantizer.centers)
    return [folder / MODEL_NAME, folder / FACTS_NAME, folder / CENTERS_NAME]


def model_facts(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the facts needed to use a network, in plain values, for JSON."""
    quantizer, config = checkpoint.quantizer, checkpoint.config
    n_outputs, factor = _probe(checkpoint.model)
    return {
        "schema": MODEL_SCHEMA,
        "model": config["model"],
        "width": config.get("width", 1.0),
        "n_parameters": checkpoint.n_parameters,
        "outputs": checkpoint.head,
        "n_outputs": n_outputs,
        "quantizer": {
            "name": quantizer.name,
            "fingerprint": quantizer.fingerprint,
            "space": quantizer.space,
            "n_bins": len(quantizer.centers),
            "parameters": quantizer.parameters,
        },
        "input": {
            "shape": ["batch", 1, "height", "width"],
            "range": [-1.0, 1.0],
            "is": "round(2.55 L) / 127.5 - 1, L the lightness of CIE Lab (D65), 0 to 100",
        },
        "output": {
            "shape": ["batch", n_outputs, f"ceil(height / {factor})", f"ceil(width / {factor})"],
            "are": _MEANINGS[checkpoint.head],
        },
        "decoding": _decoding(checkpoint.head, quantizer),
        "settings": config.get("settings", {}),
    }


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


@torch.no_grad()
def _probe(model: nn.Module) -> tuple[int, int]:
    """Return the number of a network's output channels, and how much it reduces the resolution."""
    device = next(model.parameters()).device
    outputs = model(torch.zeros((1, 1, PROBED_SIDE, PROBED_SIDE), device=device))
    return outputs.shape[1], PROBED_SIDE // outputs.shape[3]


def _decoding(meaning: str, quantizer: Quantizer) -> dict[str, Any]:
    """Describe, in steps, how outputs become colors."""
    last = (
        "color (i, j) is of the middle of pixel (stride i, stride j) of the photograph at size x "
        "size (see settings): from there enlarge a and b bilinearly to the photograph, and join "
        "them with its own L; reduce chroma where sRGB cannot show it"
    )
    if meaning == "ab":
        return {"ab_unit": AB_UNIT, "steps": [f"(a, b) = {AB_UNIT:g} z, in CIELAB units", last]}
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
    "bins-and-ignored": "logits over the bins, and a last one for ignored pixels",
    "hue-and-chroma": "logits over the bins of hue, then over those of chroma",
    "ab": f"a and b in units of {AB_UNIT:g} CIELAB units",
}
