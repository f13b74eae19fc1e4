"""What the search reaches on the evaluation sets, where they lie beside the checkout."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from retrieval.documents import read_lines
from server.cli.search import search_documents

DATA = Path(__file__).resolve().parents[2] / "../shared/data/policy"


@pytest.mark.rule("P24")
@pytest.mark.skipif(not DATA.is_dir(), reason="the evaluation sets are not beside this checkout")
@pytest.mark.parametrize(("name", "first", "in_ten"), [("ncp", 0.81, 0.97), ("stard", 0.31, 0.56)])
def test_search_documents_reaches_the_reference(name: str, first: float, in_ten: float, tmp_path: Path) -> None:
    """Bars a little under what was measured: ncp R@1 0.822, R@10 0.975; stard 0.317, 0.574."""
    out = tmp_path / "ranked.jsonl"
    arguments = ["--docs", f"{DATA}/{name}.docs.jsonl.gz", "--queries", f"{DATA}/{name}.queries.dev.jsonl"]
    result = CliRunner().invoke(search_documents, [*arguments, "--out", str(out)])
    assert result.exit_code == 0, result.output
    relevant = {row["id"]: row["relevant"] for row in read_lines(DATA / f"{name}.queries.dev.jsonl")}
    ranked = {row["id"]: row["ranked"] for row in read_lines(out)}
    assert ranked.keys() == relevant.keys()
    hits = [[document in relevant[query] for document in found] for query, found in ranked.items()]
    assert sum(row[:1] == [True] for row in hits) / len(hits) >= first
    assert sum(any(row) for row in hits) / len(hits) >= in_ten
