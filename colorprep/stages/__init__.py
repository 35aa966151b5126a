"""The commands as functions: each `run` reads files, calls the pure rooms and writes the results.

A stage takes its parameters, a workspace and a reporter, and does not depend on the command line,
so scripts call the same functions. The stages are imported at first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
