"""The training stage: torch lives only here.

===================  =====================================================================
module               holds
===================  =====================================================================
`dataset`            label shards as a torch dataset; who is held out for validation
`augmentation`       random crops and flips, on the device
`targets`            soft targets and pixels' weights, looked up on the device
`cross_entropy`      soft cross-entropy by gathering, with its own backward pass
`losses`             the losses, in one literal table
`outputs`            what a network's channels mean, and the colors they stand for
`models`             the networks, in one literal table; hand-over of layers
`schedules`          learning rates over the steps
`optimizers`         learning rates of their own for parts of a network
`checkpoint`         what a checkpoint holds, written and read
`devices`            where to compute
`loop`               the loop: epochs, validation, log, checkpoints
`prediction`         from a network's outputs to colors, and to whole pictures
===================  =====================================================================

Networks take lightness and give logits, or ab; losses are in nats per pixel, or in Lab units.
"""
