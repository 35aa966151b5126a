"""Color spaces and scores: pure functions on arrays, no files, no state.

===============  ====================================================================
module           holds
===============  ====================================================================
`lab`            sRGB <-> CIE Lab, and reducing colors to the sRGB gamut
`hue_chroma`     sRGB <-> hue, chroma, lightness (the HSL bicone), and the chroma plane
`luma`           luma, the lightness that JPEG stores
`lowpass`        blurring the color of an image
`scores`         how colorful an image is
===============  ====================================================================

Domains: sRGB is uint8 0..255 or float 0..1, never float 0..255; Lab is in CIELAB units
(lightness 0..100); hue is a fraction of a turn in [0, 1); chroma and HSL lightness are in [0, 1].
"""
