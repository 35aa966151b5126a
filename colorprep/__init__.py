"""colorprep: from a folder of images to training data for image colorization.

The command `colorprep` runs the whole chain on folders. In Python, folders go through the functions
that are named first below, whose keyword arguments are the options of the commands. Every part of
the chain can also be used on numpy arrays, and on the files that the commands write:

=================  ==============================================================================
to                 use
=================  ==============================================================================
work on folders    `count_prior`, `rank_images`, `make_labels`; `write_sample` for photographs
convert colors     `rgb_to_lab`, `lab_to_rgb`, `reduce_to_gamut`, `rgb_to_hue_chroma_lightness`,
                   `hue_chroma_lightness_to_rgb`
choose bins        `ab_lattice` (the 313 bins), `ab529`, `fit_kmeans`, `fit_mixture`,
                   `hue_chroma_grid`, `hue_chroma_bins`; by name, `make_quantizer`
encode and decode  their methods `encode`, `encode_soft` and `decode`; `soft_encode`; `bin_table`
                   for all colors, in the order of `color_index`
rebalance          `load_prior`, `rebalancing_weights`, `weight_safety`, `weight_matrix`
compare priors     `compare_priors`, `diagnose_prior`, `soften_probs`, `share_intervals`
score images       `color_scores`, `ImageScorer`, `ranked`, `ranked_by_strata`, `compare_images`
read images        `find_images`; `decode`, from the bytes of a file
label images       `Labeler`, `ShardWriter`; read with `ShardReader`, `open_labels`
train              `ShardDataset`, `LabelMapDataset`
run a command      `stages`, a function `run` for each
=================  ==============================================================================

Examples
--------
From a folder of images to labels, and the colors of an image:

>>> import colorprep as cp
>>> photographs = cp.write_sample("photographs", count=10, size=32)
>>> prior = cp.count_prior(photographs)
>>> weights = cp.rebalancing_weights(prior)
>>> labels = cp.make_labels(photographs, prior, "labels", size=32)
>>> len(labels)
10

>>> import numpy as np
>>> from colorprep import ab_lattice, rebalancing_weights, rgb_to_lab
>>> pixels = np.array([[255, 99, 71], [90, 90, 90], [91, 91, 91]], np.uint8)
>>> ab = rgb_to_lab(pixels)[:, 1:]
>>> bins = ab_lattice()
>>> bins.encode(ab).tolist()  # hard labels
[241, 120, 120]
>>> soft = bins.encode_soft(ab)  # ten bins and their weights for each color
>>> bins.decode(soft.weights, bins=soft.bins)[0].round(1).tolist()  # the annealed mean
[59.5, 48.2]
>>> counts = np.bincount(bins.encode(ab), minlength=313)
>>> rebalancing_weights(counts).weights[[120, 241]].round(2).tolist()  # rare colors count more
[0.75, 1.5]

`help(colorprep.ab_lattice)` and the others have examples of their own, in which numpy is `np`.

The names above are imported at first use, so `import colorprep` itself takes next to no time.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
