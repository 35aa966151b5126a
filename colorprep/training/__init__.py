"""The training stage: torch lives only here.

============  ==========================================================================
module        holds
============  ==========================================================================
`dataset`     label shards as a torch dataset
`label_maps`  label maps and their images as a torch dataset
`loader`      batches of a dataset, epoch by epoch, from any step on
`order`       which images an epoch takes, in which order, and which a rank gets
`memory`      memory for batches that is used again
`selection`   who is held out for validation; a curriculum
`losses`      soft targets looked up on the device, and the rebalanced cross-entropy
`models`      the networks, in one literal table
`checkpoint`  what a checkpoint holds, written and read
`devices`     where to compute
`loop`        the loop: epochs, validation, log, checkpoints
`prediction`  from a network's logits to colors, and to whole pictures
============  ==========================================================================

Networks take lightness and give logits over the bins; every loss is in nats per pixel.
"""

from .dataset import ShardDataset as ShardDataset
from .label_maps import LabelMapDataset as LabelMapDataset
