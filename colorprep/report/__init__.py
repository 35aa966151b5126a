"""Pictures: what a person would rather look at than read.

=====================  ====================================================================
module                 holds
=====================  ====================================================================
`page`                 a page of HTML: sections of charts, photographs, tables and notes
`prior_sections`       sections on a prior: its colors, smoothing, weights, and lambda
`comparison_sections`  sections on differences: of classes, to a reference, and by chance
`image_sections`       sections on the images: ranks, the round trip, what was skipped
`provenance`           the section on what all of it was made of
`gamut`                maps of bins, in their own colors
`spectrum`             distributions as bars: near-gray, then the colors by hue
`charts`               curves, dots and intervals
`style`                how figures look
`svg`                  figures as SVG in the colors of a page, or as PNG
`swatches`             bins in words and tables
`numbers`              numbers in words
`gallery`              photographs side by side, with captions
`thumbnails`           small photographs as one JPEG
=====================  ====================================================================

Files of pictures are on a dark ground with light text, readable in light and dark pages alike.
"""
