"""Getting pixels: where images are found, how they are decoded and resized, why one is skipped.

Sources, from the general to the special:

==============  ======================================================================
module          holds
==============  ======================================================================
`opening`       which kind of source a place is
`source`        what a source is: keys in order, sizes, bytes by index
`lists`         lists of images: read, written, and found in a source
`folder`        images in a folder
`object_store`  images behind an fsspec URL
`archive`       images in an archive, which is never unpacked
`archive_file`  an archive's bytes by their places, from many threads and processes
`members`       what an archive holds: keys, refused names, links
`sorting`       which members are images
`naming`        what the name of a file tells, and when its first bytes must
`formats`       the format of an image by its first bytes
`passed_over`   what a source holds beside its images: kinds, and how they are reported
`tar_members`   the index of a tar, ImageNet's tar of tars included
`zip_members`   the index of a zip
`cifar`         CIFAR's own binary archives
==============  ======================================================================

Pixels:

==============  ======================================================================
`reader`        a source, the rules and a size joined: index -> pixels, or why not
`decoding`      bytes -> uint8 sRGB pixels, by the rules for every kind of image
`loading`       files of all formats but plain JPEG -> loaded images, not yet RGB; HEIC and
                JPEG XL by `optional_formats`
`formats`       which format a file is in, by its first bytes
`jpeg`          what the segments of a JPEG say before it is decoded
`tiff`          what the tags of a TIFF say, and which reader is right about it
`tiff_samples`  reading the kinds of TIFF that Pillow gets wrong
`png`           long texts, and transparent colors at their full depth
`netpbm`        PGM and PPM of over 256 levels, PAM
`webp`          where the first frame of an animation lies
`code_points`   color spaces named by code points, and which of them are refused
`orientation`   EXIF's and XMP's, and turning
`file_facts`    what a file says of its color beside the pixels
`profiles`      ICC profiles -> sRGB
`resizing`      antialiased bilinear resizing
`skip`          the reason codes
`sample`        the built-in photographs
==============  ======================================================================

Sources are only ever read.
"""
