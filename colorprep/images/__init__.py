"""Getting pixels: where images are found, how they are decoded and resized, why one is skipped.

Sources, from the general to the special:

===============  =====================================================================
module           holds
===============  =====================================================================
`opening`        which kind of source paths and URLs are
`patterns`       paths and URLs with braces and ``*``
`source`         what a source is: keys in order, sizes, bytes by index
`lists`          lists of images: read, written, and found in a source
`spelling`       names that differ only in how Unicode spells them
`classes`        the class of an image, from its folders or its name
`sidecars`       classes in files beside the images
`stems`          images named without their ending
`pairing`        which images of two sources belong together
`folder`         images in a folder
`object_store`   images behind an fsspec URL
`archive`        images in one archive or several, which are never unpacked
`volumes`        the kinds of archives, and how a member of each is read
`joining`        the members of several archives as those of one
`archive_index`  indexes of archives, kept for the next command
`ranges`         bytes at an offset: what archives on a disk and in a store have in common
`archive_file`   reading an archive on a disk, from many threads and processes
`remote_file`    reading a file in a store by ranges, by one version of it
`members`        what an archive holds: keys, refused names, links
`sorting`        which members are images
`naming`         whether a file is an image by its name, or by its first bytes
`formats`        the format of an image by its first bytes
`passed_over`    files of a source that are not images: their kinds, and how they are reported
`tar_members`    the index of a tar, ImageNet's tar of tars included
`zip_members`    the index of a zip
`zip_directory`  the directory of a zip, entry by entry
`cifar`          CIFAR's own binary archives
`digests`        digests of images and other files
`stamps`         whether a file may have changed, without reading it
===============  =====================================================================

Pixels:

==================  ==================================================================
module              holds
==================  ==================================================================
`reader`            a source, the rules and a size combined: index -> pixels, or why not
`decoding`          bytes -> uint8 sRGB pixels, by the rules for every kind of image
`loading`           files of all formats but plain JPEG -> loaded images, not yet RGB
`optional_formats`  HEIC and JPEG XL
`jpeg`              the segments of a JPEG before its first scan
`jpeg_soundness`    whether the pixels of a JPEG are all there
`jpeg_scans`        the headers of a JPEG's scans
`jpeg_entropy`      counting the blocks of a scan without decoding pixels
`tiff`              the tags of a TIFF, and which reader decodes it correctly
`tiff_samples`      reading the kinds of TIFF that Pillow gets wrong
`tiff_soundness`    whether the strips or tiles of a TIFF are all there
`png`               long texts, and transparent colors at their full depth
`png_soundness`     whether the pixels of a PNG are all there
`netpbm`            PGM and PPM of over 256 levels, PAM
`webp`              the position of an animation's first frame
`code_points`       color spaces named by code points, and which of them are refused
`orientation`       the orientation of EXIF and XMP, and turning pictures by it
`file_facts`        what a file says about its color: profile, CMYK, chroma subsampling
`profiles`          ICC profiles -> sRGB
`segments`          segment masks: found for images, decoded, and read in pairs with them
`resizing`          antialiased bilinear resizing, and to the nearest pixel for indices
`skip`              the reason codes
`sample`            the built-in photographs
==================  ==================================================================

Sources are only ever read.
"""
