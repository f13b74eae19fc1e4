"""search-documents: the bot's text retrieval on any collection."""

import json
import sys
import time
from pathlib import Path

import click

PATH = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("search-documents")
@click.option("--docs", required=True, type=PATH, help='JSON lines {"id","title","text"}, may be gzip.')
@click.option("--queries", required=True, type=PATH, help='JSON lines {"id","text"}, may be gzip.')
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the answers go.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1000), help="Documents per query.")
def search_documents(docs: Path, queries: Path, out: Path, k: int) -> None:
    """Rank documents for each query; prints index time, memory and time per query."""
    from retrieval.bigram_index import BigramIndex
    from retrieval.documents import BadLine, read_documents, read_queries

    try:
        questions = read_queries(queries)
        began = time.perf_counter()
        index = BigramIndex.build(read_documents(docs))
        built = time.perf_counter() - began
    except (BadLine, OSError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    times: list[float] = []
    with out.open("w", encoding="utf-8") as lines, _bar(questions) as shown:
        for query_id, text in shown:
            start = time.process_time()
            ranked = [index.ids[number] for number, _ in index.rank(text, k)]
            times.append(time.process_time() - start)
            lines.write(json.dumps({"id": query_id, "ranked": ranked}, ensure_ascii=False) + "\n")
    p50, p95 = _percentile(times, 50), _percentile(times, 95)
    click.echo(
        f"{len(index.ids)} documents read and indexed in {built:.2f} s, {_memory_mb():.0f} MB resident; "
        f"{len(questions)} queries, CPU per query p50 {p50:.2f} ms, p95 {p95:.2f} ms"
    )


def _bar(questions: list[tuple[str, str]]) -> "click._termui_impl.ProgressBar[tuple[str, str]]":
    return click.progressbar(questions, label="searching", hidden=not sys.stderr.isatty(), file=sys.stderr)


def _percentile(times: list[float], percent: int) -> float:
    """In milliseconds; 0 without any."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000 if ordered else 0.0


def _memory_mb() -> float:
    """What this process has in memory now, the collection's own text included."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * 4096 / 1e6
