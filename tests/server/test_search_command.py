import gzip
import json
from pathlib import Path

from click.testing import CliRunner

from server.cli.search import search_documents


def run(tmp_path: Path, docs: Path, queries: Path, *more: str) -> tuple[int, str, Path]:
    out = tmp_path / "out.jsonl"
    result = CliRunner().invoke(
        search_documents, ["--docs", str(docs), "--queries", str(queries), "--out", str(out), *more]
    )
    return result.exit_code, result.output, out


def lines(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_search_documents_reads_gzip_and_writes_ranked_ids(tmp_path: Path) -> None:
    docs = tmp_path / "docs.jsonl.gz"
    rows = [{"id": "a", "title": "贷款贴息", "text": ""}, {"id": "b", "title": "租金补贴", "text": "贷款"}]
    docs.write_bytes(gzip.compress("\n".join(json.dumps(r) for r in rows).encode()))
    queries = lines(tmp_path / "q.jsonl", [{"id": "1", "text": "贷款贴息"}, {"id": "2", "text": "？"}])
    code, output, out = run(tmp_path, docs, queries, "--k", "2")
    assert code == 0
    assert "2 documents read and indexed" in output
    assert "p95" in output
    assert [json.loads(line) for line in out.read_text("utf-8").splitlines()] == [
        {"id": "1", "ranked": ["a", "b"]},
        {"id": "2", "ranked": []},
    ]


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    queries = lines(tmp_path / "q.jsonl", [])
    broken = tmp_path / "docs.jsonl.gz"
    broken.write_bytes(b"no gzip")
    code, output, _ = run(tmp_path, broken, queries)
    assert code == 1
    assert "Error" in output
    broken = lines(tmp_path / "docs.jsonl", [{"title": "no id"}])
    code, output, _ = run(tmp_path, broken, queries)
    assert code == 1
    assert "line 1" in output
