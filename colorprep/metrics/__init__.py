"""How close colored pictures come to their originals: arrays in, figures out.

============  ======================================================================
module        holds
============  ======================================================================
`pairs`       the figures of one pair of images
`bins`        a pair's pixels by bin: balanced AuC, accuracies, intersection over union
`resampling`  intervals by a Poisson bootstrap over images
`summary`     from the figures of many pairs to those of the set
`protocol`    the line that says how all of it is defined
============  ======================================================================

Pure: no path is known here. Networks that judge pictures live in `colorprep.training`.
"""
