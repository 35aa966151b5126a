"""Figures, sheets of photographs, and pages of HTML.

===============  ===========================================================================
module           contents
===============  ===========================================================================
`page`           the page of HTML: sections of charts, photographs, tables and notes
`sections`       what stands on pages: one module for each subject
`figures`        maps, charts and curves, and how they are written as files
`gallery`        photographs side by side, with captions
`sheets`         sheets of photographs as files
`names`          the names of photographs below them
`method_tables`  tables of several methods as text, in Markdown and LaTeX
`notebook`       what priors and rankings show in notebooks
`themes`         the colors of light and dark pages and figures
`numbers`        formatting of numbers
===============  ===========================================================================

PNG and JPEG files have a dark background and light text unless another theme is asked for.
"""
