"""Choosing images: scoring, ranking, random drawing and splitting.

===========  =======================================================================
module       contents
===========  =======================================================================
`scoring`    how colorful, varied and surprising one image is
`ranking`    from the most to the least colorful, overall or stratum by stratum
`sampling`   random order; drawing and splitting so that classes are covered
`combining`  merging, subtracting and intersecting lists
===========  =======================================================================

Pure: images are known by their keys, and no file is touched.
"""
