"""Claims about merging: parts add up to the whole, and nothing is counted twice."""

import json
import shutil

import numpy as np
import pytest

from colorprep import InputError, QuantizerSpec, Reporter, Workspace, find_images, load_prior
from colorprep.artifacts import load_arrays, save_arrays
from colorprep.images.digests import is_record_of
from colorprep.stages.info import run as run_info
from colorprep.stages.prior import MergeParams, PriorParams, merge, run
from colorprep.stages.source import ImageParams
from colorprep.stages.verify.stage import VerifyParams
from colorprep.stages.verify.stage import run as verify

SIZE = 16


def count(workspace, folder, name, keys=None, **options):
    """Count some images at 16 x 16, into a file of that name."""
    images = {"workers": 1, **options.pop("images", {})}
    if keys is not None:
        workspace.path(f"{name}.txt").write_text("\n".join(keys))
        images["list"] = f"{name}.txt"
    options = {"size": SIZE, "output": name, **options}
    return run(PriorParams(ImageParams(folder, **images), **options), workspace, Reporter())


def split(keys, n_parts, seed):
    """Cut keys into parts at random, none of them empty."""
    keys = np.random.default_rng(seed).permutation(keys)
    return [sorted(part) for part in np.array_split(keys, n_parts)]


@pytest.fixture(scope="module")
def parts(few, tmp_path_factory):
    """A workspace with the priors of two parts of eight photographs, and of all."""
    workspace = Workspace(tmp_path_factory.mktemp("parts"))
    one, two = split(find_images(few).keys, 2, 0)
    for name, keys in {"one": one, "two": two, "all": None, "some": [*one[:2], two[0]]}.items():
        count(workspace, few, f"{name}.npz", keys)
    return workspace


@pytest.mark.parametrize(
    ("spec", "n_parts", "options"),
    [
        (QuantizerSpec(), 2, {"bootstrap": 20, "by_lightness": 3}),
        (QuantizerSpec("ab:20"), 3, {"smoothing": "lattice", "images": {"icc": "ignore"}}),
        (QuantizerSpec("hc-1d", 6), 2, {}),
    ],
    ids=["levels", "grid", "bins-of-a-prior"],
)
def test_parts_add_up_to_the_whole(spec, n_parts, options, few, workspace, silent):
    """Every array has the same bytes, and so have the weights; only the images' record differs."""
    count(workspace, few, "whole.npz", spec=spec, **options)
    names = [f"part-{number}.npz" for number in range(n_parts)]
    chosen = {"bins": "whole.npz"} if spec.name == "hc-1d" else {"spec": spec}
    for name, keys in zip(names, split(find_images(few).keys, n_parts, 1), strict=True):
        count(workspace, few, name, keys, **chosen, **options)
    merge(MergeParams(names[::-1], output="sum.npz"), workspace, silent)

    arrays, meta = load_arrays(workspace.path("sum.npz"), "")
    expected, expected_meta = load_arrays(workspace.path("whole.npz"), "")
    assert list(arrays) == list(expected)
    assert all(arrays[name].tobytes() == expected[name].tobytes() for name in arrays)
    weights = [workspace.path(f"{name}-weights.npz").read_bytes() for name in ("sum", "whole")]
    assert weights[0] == weights[1]
    source, expected_source = meta.pop("source"), expected_meta.pop("source")
    assert meta == expected_meta
    assert len(source.pop("parts")) == n_parts
    assert source | {"digest": ""} == expected_source | {"digest": ""}
    assert verify(VerifyParams("sum.npz"), workspace, silent).sound


def test_priors_add_and_subtract_in_python(parts):
    """The sum is in any order the same; the difference is what was there before."""
    one, two, whole = (load_prior(parts.path(f"{name}.npz")) for name in ("one", "two", "all"))
    for both in (one + two, two + one, sum([one, two])):
        assert both.digest == whole.digest
        assert both.meta["source"] == (one + two).meta["source"]
    assert ((one + two) - two).meta == one.meta
    assert (whole - two).digest == one.digest
    assert (whole - two + two).meta == whole.meta
    for add in (lambda: one + 1, lambda: 1 + one, lambda: one - 1):
        with pytest.raises(TypeError, match="unsupported operand"):
            add()
    with pytest.raises(InputError, match="at least 4 images that the first does not"):
        one - two
    with pytest.raises(InputError, match="all pixels of the first"):
        whole - whole


def test_no_image_counts_twice(parts, silent):
    """Equal priors, a sum with its part, and parts that overlap are refused by name."""
    merge(MergeParams(["one.npz", "two.npz"], output="both.npz"), parts, silent)
    for names, message in (
        (["one", "one"], "one.npz and one.npz count the same 4 images"),
        (["two", "both"], "two.npz and both.npz count the same 4 images"),
        (["both", "all"], "both.npz and all.npz count at least 8 common images"),
        (["one", "two", "some"], "(one|two).npz and some.npz count at least 3 common images"),
    ):
        with pytest.raises(InputError, match=message):
            merge(MergeParams([f"{name}.npz" for name in names], output="x.npz"), parts, silent)
    assert not parts.path("x.npz").exists()


def test_priors_that_do_not_record_their_images(parts, tmp_path, recorder):
    """Those of earlier versions are told by the digest of the files, with a warning."""
    workspace = Workspace(tmp_path)
    for name in ("one", "two"):
        arrays, meta = load_arrays(parts.path(f"{name}.npz"), "")
        old = {key: array for key, array in arrays.items() if not key.startswith("image_")}
        save_arrays(workspace.path(f"{name}.npz"), old, meta)
    merge(MergeParams(["one.npz", "two.npz"]), workspace, recorder)
    assert "one.npz does not record which images it counts (2 of 2" in recorder.warnings[0]
    with pytest.raises(InputError, match="count the same 4 images"):
        merge(MergeParams(["one.npz", "one.npz"], output="x.npz"), workspace, recorder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 8}, "--size is 16 in one.npz and 8 in other.npz"),
        ({"spec": QuantizerSpec("ab:20")}, "--quantizer is ab313 in one.npz and ab:20"),
        ({"spec": QuantizerSpec(sigma_ab=4.0)}, "--sigma-ab is 5.0 in one.npz and 4.0"),
        ({"images": {"orientation": "ignore"}}, "--orientation is apply in one.npz and ignore"),
        ({"images": {"damaged": "keep"}}, "--damaged is skip in one.npz and keep"),
        ({"bootstrap": 20}, "--bootstrap is 0 in one.npz and 20"),
        ({"smoothing": "none"}, "--smooth is soft in one.npz and none"),
    ],
)
def test_parts_that_were_counted_in_other_ways(options, message, few, parts, silent):
    """The message names both files, the option and both values."""
    count(parts, few, "other.npz", find_images(few).keys[:1], **options)
    with pytest.raises(InputError, match=message):
        merge(MergeParams(["one.npz", "other.npz"], output="x.npz"), parts, silent)


def test_a_sum_smoothed_in_another_way(parts, few, silent):
    """The smoothing may be chosen anew, since counts are kept."""
    merge(MergeParams(["one.npz", "two.npz"], "none", output="sum.npz"), parts, silent)
    prior = load_prior(parts.path("sum.npz"))
    assert np.array_equal(prior.probs, prior.counts / prior.n_pixels)
    assert prior.meta["smoothing"] == "none"
    assert is_record_of(prior.meta["source"], find_images(few))
    facts = run_info("sum.npz", parts, silent)
    assert [part["n_files"] for part in facts["source"]["parts"]] == [4, 4]


def test_class_priors_add_up_class_by_class(photographs, tmp_path, silent, recorder):
    """Also those of classes that only one part has."""
    keys = list(find_images(photographs).keys[:8])
    whole = Workspace(tmp_path / "whole")
    folders = [Workspace(tmp_path / name) for name in ("one", "two", "merged")]
    options = {"by_class": True, "output": None}
    for workspace, chosen in zip((whole, *folders), (keys, keys[:5], keys[5:], None), strict=True):
        workspace.root.mkdir()
        if chosen is not None:
            count(workspace, photographs, "part", chosen, **options)
    names = ["../one/prior.npz", "../two/prior.npz"]
    result = merge(MergeParams(names, by_class=True), folders[2], recorder)
    assert f"{len(result.classes)} of {len(result.classes)} class priors" in recorder.notes[-1]
    classes = sorted({key.partition("/")[0] for key in keys})
    assert list(result.classes) == classes
    for name in classes:
        merged, expected = (
            load_prior(at.path(f"priors/{name}/prior.npz")) for at in (folders[2], whole)
        )
        assert merged.digest == expected.digest
        assert merged.meta | {"source": 0} == expected.meta | {"source": 0}
    with pytest.raises(InputError, match="are in one folder"):
        merge(MergeParams(names, by_class=True, output="x.npz"), folders[0], silent)
    shutil.rmtree(folders[0].path("priors"))
    shutil.rmtree(folders[1].path("priors"))
    with pytest.raises(InputError, match="no part has class priors beside it"):
        merge(MergeParams(names, by_class=True), folders[2], silent)


def test_the_command_merges(parts, tmp_path, colorprep):
    """Patterns may match the weights too; options of counting are refused."""
    for path in parts.root.glob("*.npz"):
        if path.name.startswith(("one", "two")):
            shutil.copy(path, tmp_path)
    files = [path.name for path in sorted(tmp_path.glob("*.npz"))]
    assert "one-weights.npz" in files
    merged = colorprep("prior", "--merge", "*.npz", "--name", "both", "--json")
    facts = json.loads(merged.stdout)
    assert "weights beside the parts are left out: 2" in merged.stderr
    assert facts["n_parts"] == 2
    assert (facts["prior"], facts["n_images"]) == (str(tmp_path / "priors/both/prior.npz"), 8)
    assert [part["n_files"] for part in facts["parts"]] == [4, 4]
    alone = colorprep("prior", "--merge", "one.npz")
    assert "1 part added up" in alone.stdout and "without probability after" in alone.stdout
    assert "only one part to add up: one.npz" in alone.stderr
    for words, message in (
        (["--merge", "t*e.npz"], "nothing matches"),
        (["--merge", *files, "-o", "one.npz"], "the sum would replace its part one.npz"),
        (["--merge", *files, "--size", "8"], "--size does not go with --merge"),
        (["--merge"], "--merge adds up priors; name them"),
        (files, "priors add up by --merge"),
        (["--quantizer", "one.npz", "--seed", "1"], "--seed does not go with the bins"),
    ):
        refused = colorprep("prior", *words)
        assert refused.exit_code and message in refused.stderr
