"""Training, the only part of colorprep that imports torch.

===============  =========================================================================
module           holds
===============  =========================================================================
`options`        the options of training in five groups; light to import
`data`           label shards and label maps as torch datasets; order, batches, augmentation
`models`         the networks, in one literal table, their inputs and their heads
`losses`         the losses, in one literal table, and their targets
`fitting`        methods and their trainer, optimizers, schedules, and the loop with its log rows
`judging`        measures of a network: likelihood, chroma, LPIPS and FID
`health`         what figures of a log say about the colors of predictions; light to import
`classifier`     frozen classifiers, whose outputs networks take as features
`checkpoint`     reading and writing checkpoints
`devices`        choosing a device; copying batches to it in advance
`processes`      several processes, as torchrun starts them
`prediction`     from a network's outputs to colors and to whole pictures
`samples`        rows of pictures that show the progress of a training
`export`         networks as safetensors, for other programs
===============  =========================================================================

Networks take lightness and return logits or ab; losses are in nats per pixel or in Lab units.
The names in ``__init__.pyi`` are imported at first use, so that `options` loads without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
