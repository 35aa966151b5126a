"""Getting pixels: where images are found, how they are decoded and resized, why one is skipped.

==========  ==========================================================================
module      holds
==========  ==========================================================================
`source`    folders of images, and lists that narrow them
`decoding`  bytes -> uint8 sRGB pixels, by the rules for every kind of image
`jpeg`      what the segments of a JPEG say before it is decoded
`profiles`  ICC profiles -> sRGB
`resizing`  antialiased bilinear resizing
`reader`    a source, the rules and a size joined: key -> pixels, or the reason why not
`skip`      the reason codes
`sample`    the built-in photographs
==========  ==========================================================================

Sources are only ever read.
"""
