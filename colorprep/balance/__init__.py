"""From counted colors to rebalancing weights: pure functions, no files.

============  ======================================================================
module        holds
============  ======================================================================
`histogram`   counting pixels by cell or by color, and what follows from the counts
`smoothing`   from counts of pixels to probabilities of bins
`prior`       the color prior: a quantizer with counts and probabilities
`weights`     rebalancing weights, empty bins, and what the weights will do
`bootstrap`   a Poisson bootstrap over images: how sure each bin's share is
`comparison`  how far two priors are apart, and in which bins
`diagnosis`   what is wrong with a prior from elsewhere
`matrix`      seed 000's 313 x 314 matrix of weights times soft targets
============  ======================================================================

All counts are integers. They add in any order, so the result does not depend on the number of
workers, and the counts of two halves of a data set add up to those of the whole.
"""
