"""Claims about archives behind URLs: read by ranges, in spite of faults, and never mixed up."""

import io
import os
import tarfile
import zipfile

import packing
import pytest
from range_server import serving

from colorprep import InputError, find_images
from colorprep.images.neighbors import joined
from colorprep.retrying import patiently

N_IMAGES, N_BYTES = 30, 40_000


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Stores are asked again at once."""
    monkeypatch.setattr("colorprep.retrying.PAUSES", (0,) * 5)


@pytest.fixture(scope="module")
def images():
    """Bytes by key."""
    return {f"n{i % 3}/{i:03d}.jpg": os.urandom(N_BYTES) for i in range(N_IMAGES)}


@pytest.fixture(scope="module")
def packed(images):
    """The images as the bytes of archives, by the name of a file."""
    tar, tars = pack("a.tar", images), io.BytesIO()
    with tarfile.open(fileobj=tars, mode="w") as archive:
        add(archive, "inner.tar", tar)
    return {"a.tar": tar, "a.zip": pack("a.zip", images), "tars.tar": tars.getvalue()}


def pack(name, images):
    """Return an archive of images, in their order."""
    packed = io.BytesIO()
    if name.endswith(".tar"):
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for key, data in images.items():
                add(archive, key, data)
    else:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for key, data in images.items():
                archive.writestr(key, data)
    return packed.getvalue()


def add(archive, key, data):
    """Add a file to a tar."""
    info = tarfile.TarInfo(key)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


@pytest.fixture
def server(packed):
    """A web server of the archives."""
    with serving() as files:
        files.files = {f"/data/{name}": data for name, data in packed.items()}
        yield files


@pytest.mark.parametrize(("name", "most"), [("a.tar", 10), ("a.zip", 7), ("tars.tar", 14)])
def test_an_index_takes_few_requests(server, images, name, most):
    """An archive is indexed by a few large ranges, and an image takes a single request."""
    source = find_images(f"{server.url}/data/{name}?signature=1")
    assert server.n_requests <= most
    prefix = "inner/" if name == "tars.tar" else ""
    assert packing.contents(source) == {prefix + key: data for key, data in images.items()}
    assert server.n_requests <= most + N_IMAGES


@pytest.mark.parametrize("name", ["a.tar", "a.zip"])
def test_neighbors_are_asked_for_together(server, images, name):
    """One or two requests read neighbors that are read in order; all others have their own."""
    server.files[f"/data/in-order-{name}"] = pack(name, dict(sorted(images.items())))
    source = find_images(f"{server.url}/data/in-order-{name}")
    in_order = range(N_IMAGES)
    for indices, most in ((in_order, 2), (in_order[::-1], N_IMAGES), (in_order[::9], 4)):
        n_before = server.n_requests
        for_thread = joined(source, indices)
        assert [for_thread.read(index) for index in indices] == [
            images[source.keys[index]] for index in indices
        ]
        assert server.n_requests - n_before <= most


@pytest.mark.parametrize("fault", [503, 429, "cut", "short", "hang up"])
def test_faults_that_pass_cost_nothing(server, images, fault):
    """If every third request fails in any way that passes, all bytes are right all the same."""
    server.faults = lambda number: fault if number % 3 == 2 else None
    for name in ("a.tar", "a.zip"):
        source = find_images(f"{server.url}/data/{name}")
        assert packing.contents(source) == images


def test_a_silent_connection_is_given_up(server, images, monkeypatch):
    """An answer that does not come is asked for again."""
    monkeypatch.setattr("colorprep.images.remote_file.SILENCE", 0.1)
    source = find_images(f"{server.url}/data/a.tar")
    n_before = server.n_requests
    server.faults = lambda number: "slow" if number == n_before else None
    assert source.read(0) == images[source.keys[0]]
    assert server.n_requests == n_before + 2


def test_a_store_that_stops_answering_is_an_error(server, images):
    """The error says what to do; the source still works when the store is back."""
    source = find_images(f"{server.url}/data/a.tar")
    server.faults = lambda number: 503
    with pytest.raises(InputError, match=r"server did not answer for http.*a\.tar.*503.*again"):
        source.read(0)
    server.faults = lambda number: None
    assert packing.contents(source) == images


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "no permission to read http.*a.tar"), (404, "there is no http.*a.tar")],
)
def test_what_lasts_is_asked_for_once(server, status, message):
    """A refused or missing archive is an error at once."""
    source = find_images(f"{server.url}/data/a.tar")
    server.faults = lambda number: status
    n_before = server.n_requests
    with pytest.raises(InputError, match=message):
        source.read(0)
    assert server.n_requests == n_before + 1
    with pytest.raises(InputError):
        find_images(f"{server.url}/data/a.tar")


@pytest.mark.parametrize("name", ["a.tar", "a.zip"])
def test_a_replaced_archive_is_never_read(server, packed, name):
    """Bytes of another archive that takes the place of the first are not used."""
    source = find_images(f"{server.url}/data/{name}")
    data = bytearray(packed[name])
    data[700] ^= 1
    server.files[f"/data/{name}"] = bytes(data)
    with pytest.raises(InputError, match="has changed since its images were listed; run the same"):
        source.read(0)
    server.files[f"/data/{name}"] = packed[name][:600]
    with pytest.raises(InputError, match="has changed since its images were listed"):
        source.read(N_IMAGES - 1)


def test_servers_without_ranges_and_gzip_are_refused(server):
    """What cannot be read in parts is refused, with what to do."""
    server.files["/data/a.tar.gz"] = b"\x1f\x8b" + bytes(600)
    with pytest.raises(InputError, match="gzipped, so it cannot be read in parts; copy it"):
        find_images(f"{server.url}/data/a.tar.gz")
    server.sends_ranges = False
    with pytest.raises(InputError, match=r"whole files only.*`curl -O http://.*/data/a\.tar`"):
        find_images(f"{server.url}/data/a.tar")


def test_pauses_grow(monkeypatch):
    """A request is repeated after pauses that double; the last error is raised."""
    pauses = []
    monkeypatch.setattr("colorprep.retrying.PAUSES", (1.0, 2.0, 4.0))
    monkeypatch.setattr("colorprep.retrying.time.sleep", pauses.append)

    def fail():
        raise TimeoutError(f"attempt {len(pauses)}")

    with pytest.raises(TimeoutError, match="attempt 3"):
        patiently(fail)
    assert all(whole / 2 <= pause <= whole for pause, whole in zip(pauses, (1, 2, 4), strict=True))
