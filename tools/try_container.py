"""`python -m tools.try_container`: the Dockerfile's steps without Docker, then the production start.

Builds from the committed files in a scratch folder, starts as an unprivileged user with production settings
against PostgreSQL, and asks the healthcheck. Says in its last line what was seen.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.postgres import start_postgres
from tests.web_process import end, free_port

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 60


class Failed(RuntimeError):
    """A step did not do what the image needs of it."""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lianyi-image-", dir="/tmp") as name, start_postgres() as postgres:
        scratch = Path(name)
        scratch.chmod(0o755)
        user = unprivileged()
        build(scratch, python_for(user))
        production = settings(postgres.create_database())
        refuses_without_secrets(scratch, user)
        own(scratch / "app/var", user)
        for command in (("migrate",), ("seed",)):
            run(scratch, ("-m", "server", *command), production, user)
        seen = start_and_ask(scratch, production, user)
    who = user.pw_name if user else pwd.getpwuid(os.geteuid()).pw_name
    print(f"container steps: built, migrated, started as {who} in production on PostgreSQL; {seen}")


def unprivileged() -> pwd.struct_passwd | None:
    """Root starts the server as `nobody`, as the image does with its own user."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def python_for(user: pwd.struct_passwd | None) -> str:
    """A Python that the server's user may run; the present one when it lies open to everyone."""
    if user is None:
        return sys.executable
    for candidate in (os.path.realpath(sys.executable), "/usr/local/bin/python3", "/usr/bin/python3"):
        path = Path(candidate)
        if path.exists() and all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents):
            probe = [candidate, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"]
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return candidate
    raise Failed("no Python ≥ 3.11 with venv that an unprivileged user may run: apt-get install python3-venv")


def build(scratch: Path, python: str) -> None:
    """Every step of the Dockerfile, from the committed files."""
    source = scratch / "src"
    source.mkdir()
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, files.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    steps, environ = str(source / "deploy/steps.sh"), {**os.environ, "PYTHON": python}
    with_node = [str(ROOT / "tools/with-node"), steps]
    subprocess.run([*with_node, "front", str(source)], check=True, env=environ)
    subprocess.run([steps, "packages", str(source), str(scratch / "venv")], check=True, env=environ)
    subprocess.run([steps, "code", str(source), str(scratch / "app")], check=True, env=environ)


def settings(database_url: str) -> dict[str, str]:
    """Production with secrets of its own; nothing is inherited from the developer's settings."""
    names = ("SECRET_KEY", "MP_APPID", "MP_SECRET", "MP_TOKEN", "OA_APPID", "OA_SECRET", "OA_TOKEN")
    return {
        **bare_environment(),
        **{f"LIANYI_{name}": secrets.token_urlsafe(36) for name in names},
        "LIANYI_MP_AES_KEY": secrets.token_hex(22)[:43],
        "LIANYI_OA_AES_KEY": secrets.token_hex(22)[:43],
        "LIANYI_DATABASE_URL": database_url,
        "LIANYI_PORT": str(free_port()),
    }


def bare_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LIANYI_ENV": "production", "LIANYI_LOG_FORMAT": "json"}


def own(folder: Path, user: pwd.struct_passwd | None) -> None:
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)


def run(
    scratch: Path,
    arguments: tuple[str, ...],
    environ: dict[str, str],
    user: pwd.struct_passwd | None,
    *,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """One command of the built environment, as the server's user."""
    return subprocess.run(
        [str(scratch / "venv/bin/python"), *arguments],
        cwd=scratch / "app",
        env=environ,
        check=check,
        text=True,
        stderr=None if check else subprocess.PIPE,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
    )


def refuses_without_secrets(scratch: Path, user: pwd.struct_passwd | None) -> None:
    done = run(scratch, ("-m", "server", "serve", "--no-scheduler"), bare_environment(), user, check=False)
    if done.returncode == 0 or "LIANYI_SECRET_KEY" not in done.stderr:
        raise Failed(f"production started without secrets, or did not say which: {done.stderr}")


def start_and_ask(scratch: Path, production: dict[str, str], user: pwd.struct_passwd | None) -> str:
    process = subprocess.Popen(
        [str(scratch / "venv/bin/python"), "-m", "server", "serve", "--no-scheduler"],
        cwd=scratch / "app",
        env=production,
        stdin=subprocess.DEVNULL,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
    )
    try:
        until = time.monotonic() + READY_SECONDS
        while (health := run(scratch, ("-m", "server.healthcheck"), production, user, check=False)).returncode:
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"the healthcheck never passed: {health.stderr}")
            time.sleep(0.5)
        address = f"http://127.0.0.1:{production['LIANYI_PORT']}"
        expected = {"/": 200, "/api/v1/centres": 200, "/api/v1/me": 401, "/readyz": 200}
        seen = {path: status_of(address + path) for path in expected}
        if seen != expected:
            raise Failed(f"answers {seen}, wanted {expected}")
        return "healthcheck passed, " + ", ".join(f"{path} {status}" for path, status in seen.items())
    finally:
        end(process)


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


if __name__ == "__main__":
    main()
