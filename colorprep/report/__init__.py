"""Figures and the HTML report.

=====================  ====================================================================
module                 contents
=====================  ====================================================================
`page`                 the page of HTML: sections of charts, photographs, tables and notes
`prior_sections`       sections on a prior: its colors, smoothing, weights, and lambda
`comparison_sections`  sections on differences: of classes, to a reference, and at random
`image_sections`       sections on the images: ranks, the round trip, what was skipped
`provenance`           the section on what the report was made from
`gamut`                maps of bins in their own colors
`spectrum`             distributions as bars: near-gray, then the colors by hue
`charts`               curves, dots and intervals
`curves`               curves of training runs
`style`                colors, sizes and axes of figures
`themes`               the colors of light and dark pages and figures
`figure_style`         how figures are written: theme, format, title, size
`figure_files`         figures as PNG, PDF and SVG files
`svg`                  figures as SVG in the colors of a page
`sheets`               sheets of photographs as files
`swatches`             bins as text, as swatches in tables, and as JSON
`numbers`              formatting of numbers
`gallery`              photographs side by side, with captions
`thumbnails`           small photographs as one JPEG
=====================  ====================================================================

PNG and JPEG files have a dark background and light text unless another theme is asked for.
"""
