"""Figures: drawn in the colors of one theme, written in any.

================  ===================================================================
module            contents
================  ===================================================================
`prior_map`       the map of a prior: its bins, and all pixels on a linear scale
`gamut`           other maps of bins, in their own colors
`bin_plane`       where bins are drawn
`spectrum`        distributions as bars: near-gray, then the colors by hue
`charts`          curves, dots and intervals
`curves`          curves of training runs
`smoothing`       the moving mean of curves
`hint_curve`      errors by the number of hints
`probes`          what linear layers tell from features
`entropy`         how sure a network is, as a picture
`style`           colors, sizes and axes
`figure_style`    how figures are written: theme, format, title, size
`files`           figures as PNG, PDF and SVG files
`svg`             figures as SVG in the colors of a page
================  ===================================================================
"""
