"""Claims about the notebook: it is stored without outputs, and runs as a whole in a kernel."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs/notebooks/first-look.ipynb"


def test_the_notebook_runs(tmp_path):
    """Every cell runs; priors are shown as drawings, the ranking with photographs."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(NOTEBOOK, 4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    place = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=place).execute()
    shown = {cell.source.splitlines()[-1]: cell.outputs[-1] for cell in cells if cell.outputs}
    html = {line: output.data.get("text/html", "") for line, output in shown.items()}
    assert "<svg" in html["prior"] and "<svg" in html["fitted.plot()"]
    assert html["ranking"].count("<img") == 5
    assert sorted(path.name for path in tmp_path.rglob("*.h5")) == ["shard-00000.h5"]
