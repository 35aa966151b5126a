"""What all tests share: photographs, published numbers, every 8-bit color, the command line."""

from __future__ import annotations

import importlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from object_stores import forget_connections
from quick_pictures import save_png_quickly

from colorprep.cli.main import cli
from colorprep.images.sample import QUALITY, sample_crops
from colorprep.progress import Reporter
from colorprep.workspace import Workspace

BUCKETS = itertools.count()
SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure() -> None:
    """Write pictures quickly."""
    save_png_quickly()


@pytest.fixture(scope="session", autouse=True)
def small_fits() -> Iterator[int]:
    """Fit mixtures to a tenth of the points, in a tenth of the time; gives the true number."""
    from colorprep.quantize import mixture

    with pytest.MonkeyPatch.context() as patch:
        true_number = mixture.FIT_POINTS
        patch.setattr(mixture, "FIT_POINTS", true_number // 10)
        yield true_number


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photographs and published numbers; the test skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder `shared` beside the project, which is not here")
    return SHARED


@pytest.fixture(scope="session")
def published(shared: Path) -> Callable[[str], np.ndarray]:
    """A published array by name."""
    return lambda name: np.load(shared / "reference" / f"{name}.npy")


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 40 built-in photographs of 96 x 96, in ten classes."""
    folder = tmp_path_factory.mktemp("photographs") / "train"
    for crop in sample_crops(40, 96):
        path = folder / crop.key
        path.parent.mkdir(parents=True, exist_ok=True)
        crop.image.save(path, "JPEG", quality=QUALITY)
    return folder


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a dask cluster of two processes, which the tests of a module share."""
    from distributed import LocalCluster

    with (
        forked_workers(),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
    ):
        yield cluster.scheduler_address


@contextmanager
def forked_workers() -> Iterator[None]:
    """Let dask start workers from a process that has imported what they need already."""
    import dask

    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@pytest.fixture
def quick_workers() -> Iterator[None]:
    """Workers of dask that are started, and started again, in little time."""
    with forked_workers():
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def prepared(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with prior, weights and labels of the photographs, not to be changed."""
    from colorprep.stages.labels import stage as labels_stage
    from colorprep.stages.prior import stage as prior_stage
    from colorprep.stages.source import ImageParams

    workspace, images = Workspace(tmp_path_factory.mktemp("prepared")), ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images), workspace, Reporter())
    params = labels_stage.LabelsParams(images, size=32, shard_size=12)
    labels_stage.run(params, workspace, Reporter())
    return workspace


@pytest.fixture
def ready(prepared: Workspace, workspace: Workspace) -> Workspace:
    """A copy of it, ready to train in."""
    shutil.copytree(prepared.root, workspace.root, dirs_exist_ok=True)
    return workspace


@pytest.fixture
def silent() -> Reporter:
    """A reporter that says nothing."""
    return Reporter()


class Recorder(Reporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def note(self, message: str) -> None:
        """Keep a note."""
        self.notes.append(message)

    def warn(self, message: str) -> None:
        """Keep a warning."""
        self.warnings.append(message)


@pytest.fixture
def recorder() -> Recorder:
    """A reporter that keeps what it is told."""
    return Recorder()


@pytest.fixture
def colorprep(tmp_path: Path) -> Callable[..., Result]:
    """The command line, run in an empty workspace."""

    def run(*arguments: object) -> Result:
        words = [str(argument) for argument in arguments]
        if words and not words[0].startswith("-") and words[-1] != "--help":
            words += ["-C", str(tmp_path)]
        return CliRunner().invoke(cli, words)

    return run


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server on this machine that answers as S3 does."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The URL of a folder in a new bucket, whose server is set by the environment."""
    import fsspec

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    forget_connections()
    bucket = f"bucket{next(BUCKETS)}"
    fsspec.filesystem("s3").mkdir(bucket)
    yield f"s3://{bucket}/train"
    forget_connections()


@pytest.fixture
def uninitialized(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks get no random weights, which take time if they are many, and are replaced."""
    from torch.nn import init

    for name in ("kaiming_normal_", "normal_", "xavier_uniform_"):
        monkeypatch.setattr(init, name, lambda *_, **__: None)


@pytest.fixture
def without_svg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the charts of reports, but leave them out of the pages."""
    monkeypatch.setattr("colorprep.report.page.inline_svg", lambda *_: "<svg></svg>")


@pytest.fixture
def without_charts(without_svg: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no charts of reports, which take most of the time."""
    for name in ("prior", "comparison", "images", "lightness", "training", "results"):
        module = importlib.import_module(f"colorprep.report.sections.{name}")
        for drawing in [each for each in vars(module) if each.startswith("draw_")]:
            monkeypatch.setattr(module, drawing, lambda *_: None)


@pytest.fixture(scope="session")
def all_colors() -> np.ndarray:
    """Every 8-bit color in order of its index, (2^24, 3) uint8."""
    to_red, to_blue, green = np.indices((256, 256, 256), np.uint8).reshape(3, -1)
    return np.stack([green + to_red, green, green + to_blue], axis=-1)


@pytest.fixture(scope="session")
def some_colors() -> np.ndarray:
    """A hundred thousand 8-bit colors, the corners of the cube and the grays among them."""
    drawn = np.random.default_rng(0).integers(0, 256, (100_000, 3)).astype(np.uint8)
    corners = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)], np.uint8)
    grays = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return np.concatenate([corners, grays, drawn])
