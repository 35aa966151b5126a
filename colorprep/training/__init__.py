"""The training stage: torch lives only here.

============  ==========================================================================
module        holds
============  ==========================================================================
`dataset`     label shards as a torch dataset; who is held out for validation
`losses`      soft targets looked up on the device, and the rebalanced cross-entropy
`models`      the networks, in one literal table
`checkpoint`  what a checkpoint holds, written and read
`devices`     where to compute
`loop`        the loop: epochs, validation, log, checkpoints
`prediction`  from a network's logits to colors, and to whole pictures
============  ==========================================================================

Networks take lightness and give logits over the bins; every loss is in nats per pixel.
"""
