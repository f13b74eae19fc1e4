"""`python -m server.healthcheck`: exit code 0 when this machine's web process is ready; for containers."""

import os
import sys
import urllib.error
import urllib.request

SECONDS = 4


def main() -> int:
    """Ask /readyz on LIANYI_PORT; say why not on failure."""
    url = f"http://127.0.0.1:{os.environ.get('LIANYI_PORT') or '8000'}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS):
            return 0
    except urllib.error.HTTPError as error:
        print(f"{url}: {error.code} {error.read(500).decode(errors='replace')}", file=sys.stderr)
    except OSError as error:
        print(f"{url}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
