"""Pictures: what a person would rather look at than read.

===========  ===================================================================
module       holds
===========  ===================================================================
`gallery`    photographs side by side, with captions
`figures`    a prior and its weights on the gamut; the ranking of a curriculum
===========  ===================================================================

Pictures are on a dark ground with light text, readable in light and dark pages alike.
"""
