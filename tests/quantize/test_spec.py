"""Claims about choosing quantizers by name, saving and restoring them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from colorprep import (
    ArtifactError,
    InputError,
    QuantizerSpec,
    ab529,
    ab_lattice,
    bin_table,
    make_quantizer,
)
from colorprep.quantize.spec import quantizer_state, restore_quantizer
from colorprep.quantize.tables import ab_cells, hue_chroma_cells, soft_table

SPECS = [
    QuantizerSpec(),
    QuantizerSpec("ab529", neighbors=5),
    QuantizerSpec("ab:7"),
    QuantizerSpec("kmeans", 20),
    QuantizerSpec("gmm", 5),
    QuantizerSpec("gmm", 5, linear_hue=True),
    QuantizerSpec("hc-grid", 25),
    QuantizerSpec("hc-grid", 25, sigma=0.1),
    QuantizerSpec("hc-grid", 25, sigma="learned"),
    QuantizerSpec("hc-1d", 9),
]


def cells_for(spec):
    """Every color counted once."""
    table = ab_cells() if spec.space == "ab" else hue_chroma_cells()
    return np.bincount(table, minlength=65536).reshape(256, 256)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_quantizers_survive_json(spec):
    """A quantizer that was saved as JSON is restored unchanged."""
    quantizer = make_quantizer(spec, cells_for(spec))
    state = json.loads(json.dumps(quantizer_state(quantizer)))
    again = restore_quantizer(
        state["name"], state["parameters"], state["centers"], state["arrays"], state["fingerprint"]
    )
    assert again.name == quantizer.name and again.fingerprint == quantizer.fingerprint
    np.testing.assert_array_equal(again.centers, quantizer.centers)
    colors = np.random.default_rng(0).random((100, 2))
    np.testing.assert_array_equal(
        again.encode_soft(colors).weights, quantizer.encode_soft(colors).weights
    )


def test_damage_is_noticed():
    """A changed number changes the fingerprint, which is an error."""
    state = quantizer_state(make_quantizer(QuantizerSpec("hc-1d", 5)))
    state["arrays"]["hue_edges"][1] += 1e-6
    with pytest.raises(ArtifactError, match="damaged"):
        restore_quantizer(
            state["name"], state["parameters"], None, state["arrays"], state["fingerprint"]
        )
    with pytest.raises(ArtifactError, match="incomplete"):
        restore_quantizer("gmm", {}, None, {}, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "ab312"}, "unknown quantizer"),
        ({"name": "ab:1"}, "2 to 55"),
        ({"name": "ab313", "components": 5}, "--components"),
        ({"name": "kmeans", "linear_hue": True}, "--linear-hue"),
        ({"name": "gmm", "sigma": 0.1}, "--sigma"),
        ({"name": "hc-grid", "sigma": "wide"}, "--sigma"),
        ({"name": "hc-grid", "sigma": -1.0}, "above 0"),
        ({"name": "hc-grid", "components": 200}, "square"),
        ({"name": "hc-grid", "components": 200, "sigma": "learned"}, "square"),
        ({"name": "kmeans", "components": 5}, "--neighbors"),
        ({"name": "hc-1d", "components": 300}, "2 to 255"),
        ({"name": "ab313", "neighbors": 400}, "neighbors"),
    ],
)
def test_misfits_are_rejected_at_once(arguments, message):
    """Options that cannot be met are rejected before any image is read."""
    with pytest.raises(InputError, match=message):
        QuantizerSpec(**arguments)


def test_quantizers_of_the_same_content_share_their_tables():
    """Quantizers are equal if all their labels are; only then one's tables serve the other."""
    assert ab_lattice() == ab_lattice() and ab_lattice() != ab529()
    assert bin_table(ab_lattice()) is bin_table(ab_lattice())
    softer = replace(ab_lattice(), sigma=9.0)
    assert softer != ab_lattice()
    assert not np.array_equal(soft_table(softer).weights, soft_table(ab_lattice()).weights)
