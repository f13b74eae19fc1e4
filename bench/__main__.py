"""`python -m bench`: every benchmark in turn; fails when one misses what it must reach."""

import subprocess
import sys

MODULES = ("bench.requests", "bench.hot_slot", "bench.history")


def main() -> int:
    failed = [name for name in MODULES if subprocess.run([sys.executable, "-m", name], check=False).returncode]
    for name in failed:
        print(f"{name} missed its mark", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
