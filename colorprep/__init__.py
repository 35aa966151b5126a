"""colorprep: from a folder of images to training data for image colorization.

The public API is flat: what is listed in ``__init__.pyi`` is imported from its room at first use,
so that importing the package, or asking the command line for help, costs next to nothing.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
