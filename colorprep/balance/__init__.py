"""From counted colors to rebalancing weights: pure functions, no files.

=================  =================================================================
module             holds
=================  =================================================================
`histogram`        counting pixels by cell, by color or by bin
`smoothing`        from counts of pixels to probabilities of bins
`prior`            the color prior: a quantizer with counts and probabilities
`counted`          priors before smoothing, which are added and subtracted
`tallies`          all counts of a prior
`image_sample`     which images were counted, so that none is counted twice
`provenance`       what a prior records of how it was counted, and how records are added
`weights`          rebalancing weights, empty bins, and the weights' effect on the loss
`bootstrap`        a Poisson bootstrap over images: how sure each bin's fraction is
`comparison`       how far two priors are apart, and in which bins
`diagnosis`        what is wrong with a prior of unknown origin
`index_smoothing`  whether a prior was smoothed along the index of its bins
`published_shape`  the shape of the published ImageNet prior, intact and under defects
`matrix`           Keras-FCN's 313 x 314 matrix of weights times soft targets
=================  =================================================================

All counts are integers. They add in any order, so results do not depend on the number of workers,
and the counts of two halves of a data set add up to those of the whole.
"""
