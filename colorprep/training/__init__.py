"""The training stage: torch lives only here.

===============  =========================================================================
module           holds
===============  =========================================================================
`dataset`        label shards as a torch dataset
`label_maps`     label maps and their images as a torch dataset
`loader`         batches of a dataset, epoch by epoch, from any step on
`gathering`      rows of arrays gathered by compiled loops
`order`          which images an epoch takes, in which order, and which a rank gets
`memory`         memory for batches that is used again
`selection`      who is held out for validation; a curriculum
`augmentation`   random crops and flips, on the device
`targets`        soft targets and pixels' weights, looked up on the device
`cross_entropy`  soft cross-entropy by gathering, with its own backward pass
`losses`         the losses, in one literal table
`outputs`        what a network's channels mean, and the colors they stand for
`models`         the networks, in one literal table; hand-over of layers
`schedules`      learning rates over the steps
`optimizers`     learning rates of their own for parts of a network
`checkpoint`     what a checkpoint holds, written and read
`devices`        where to compute
`loop`           the loop: epochs, validation, log, checkpoints
`prediction`     from a network's outputs to colors, and to whole pictures
`likelihood`     how likely a network takes a photograph's own colors to be
`perceptual`     LPIPS and FID, by networks that are given
===============  =========================================================================

Networks take lightness and give logits, or ab; losses are in nats per pixel, or in Lab units.
"""

from .data.dataset import ShardDataset as ShardDataset
from .data.label_maps import LabelMapDataset as LabelMapDataset
