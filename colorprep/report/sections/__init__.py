"""Sections of pages: a function for each, from results to text, figures and tables.

=============  ================================================================
module         contents
=============  ================================================================
`prior`        a prior: its colors, smoothing, weights, and lambda
`lightness`    a prior by levels of lightness
`comparison`   differences: of classes, to a reference, and at random
`images`       ranks, the round trip, what was skipped
`audit`        sheets of an audit, and lists
`training`     runs: their curves, samples, and what is wrong with them
`results`      probes, color hints, and evaluations
`methods`      several methods, with the same images side by side
`provenance`   what the page was made from
`swatches`     bins as text, as swatches in tables, and as JSON
`thumbnails`   small photographs and sheets
=============  ================================================================
"""
