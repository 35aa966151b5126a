"""How close colorized pictures come to their originals: arrays in, metrics out.

==============  ======================================================================
module          contents
==============  ======================================================================
`pairs`         the metrics of one pair of images
`bins`          a pair's pixels by bin: balanced AuC, accuracies, intersection over union
`resampling`    intervals by a Poisson bootstrap over images
`summary`       from the metrics of many pairs to those of the set
`methods`       several methods on the same images, and paired differences between them
`naturalness`   how likely a picture's colors are under a prior
`pictures`      the errors that the CIFAR models and the Places models were published with
`segmentation`  accuracies and intersection over union of segments
`protocol`      lines that define the metrics of an evaluation, and of the last three
==============  ======================================================================

Pure: no files. Networks that judge pictures live in `colorprep.training`.
"""
