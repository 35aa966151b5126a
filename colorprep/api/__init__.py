"""Commands as people write them in Python: functions of folders, priors and options.

A function takes a folder and keyword arguments named like the options of its command, calls the
stage, and returns what the stage made as an object, which shows itself in a notebook. Their
defaults are those of the stages' parameters.

==============  ==========================================================
module          holds
==============  ==========================================================
`priors`        counting a prior, its weights, comparing it with others
`ranking`       ranking images by a score
`labels`        making a folder of labels
`photographs`   writing the built-in photographs
`options`       the keyword arguments, and parameters made of them
`calls`         where a function works, and what it reports
==============  ==========================================================

Paths are relative to the current folder. Nothing is written but what is named; with a workspace,
functions write into it what their commands write.
"""
