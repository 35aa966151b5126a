"""The small artifacts: `prior.npz` and `weights.npz`, written and read.

Both are numpy zips without pickles, with a JSON entry `meta` that records the schema, the inputs
and the settings. They hold no date and no path, so equal inputs and settings give equal bytes.
Formats: ``docs/formats.md``.
"""

from .arrays import check_schema as check_schema
from .arrays import holds_bare_array as holds_bare_array
from .arrays import load_arrays as load_arrays
from .arrays import load_npy as load_npy
from .arrays import load_vector as load_vector
from .arrays import save_arrays as save_arrays
from .checks import check_weights as check_weights
from .packages import versions as versions
from .prior import PRIOR_SCHEMA as PRIOR_SCHEMA
from .prior import load_prior as load_prior
from .prior import save_prior as save_prior
from .weights import WEIGHTS_SCHEMA as WEIGHTS_SCHEMA
from .weights import load_weights as load_weights
from .weights import save_weights as save_weights
