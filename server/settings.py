"""Settings from the environment, prefix `LIANYI_`; `.env` is read; `.env.example` explains each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEMO_SECRET = "demo-only-not-for-production"
DEMO_MP_APPID = "wxdemo0000000000mp"
DEMO_OA_APPID = "wxdemo0000000000oa"
DEMO_TOKEN = "demotoken"
DEMO_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
DEMO_WECHAT_SECRET = "demo-wechat-secret"
STANDIN_PORT = 8009
SECRETS = ("SECRET_KEY", "MP_APPID", "MP_SECRET", "OA_APPID", "OA_SECRET", "OA_TOKEN", "OA_AES_KEY")
TEMPLATES = (
    "booking_confirmed", "booking_reminder", "booking_cancelled", "waitlist_offer",
    "activity_reminder", "policy_news", "demand_news",
)  # fmt: skip


class SettingsError(Exception):
    """What is missing or unsafe, and what to set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it, read once. Repr hides secrets by not having one."""

    env: str
    secret_key: str
    database_url: str
    base_url: str
    timezone: str
    mp_appid: str
    mp_secret: str
    mp_token: str
    mp_aes_key: str
    mp_mode: str
    oa_appid: str
    oa_secret: str
    oa_token: str
    oa_aes_key: str
    oa_mode: str
    wechat_api_base: str
    index_dir: Path
    h5_dir: Path
    log_format: str
    port: int
    proxies: int
    standin_port: int
    subscribe_templates: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Settings(env={self.env!r})"

    @property
    def is_demo(self) -> bool:
        return self.env == "demo"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read and check. Raises SettingsError with what to set; production never starts half set."""
        env = dict(os.environ if environ is None else environ)
        if environ is None:
            env = {**_dotenv(Path(".env")), **env}

        def get(name: str, default: str) -> str:
            return env.get(f"LIANYI_{name}") or default

        port = _port("PORT", get("PORT", env.get("PORT") or "8000"))
        standin_port = _port("STANDIN_PORT", get("STANDIN_PORT", str(port + STANDIN_PORT - 8000)))
        is_demo = get("ENV", "demo") == "demo"
        settings = cls(
            env=get("ENV", "demo"),
            secret_key=get("SECRET_KEY", DEMO_SECRET if is_demo else ""),
            database_url=get("DATABASE_URL", "sqlite:///var/lianyi.db"),
            base_url=get("BASE_URL", f"http://127.0.0.1:{port}").rstrip("/"),
            timezone=get("TIMEZONE", "Asia/Shanghai"),
            mp_appid=get("MP_APPID", DEMO_MP_APPID if is_demo else ""),
            mp_secret=get("MP_SECRET", DEMO_WECHAT_SECRET if is_demo else ""),
            mp_token=get("MP_TOKEN", DEMO_TOKEN if is_demo else ""),
            mp_aes_key=get("MP_AES_KEY", DEMO_AES_KEY if is_demo else ""),
            mp_mode=get("MP_MODE", "safe"),
            oa_appid=get("OA_APPID", DEMO_OA_APPID if is_demo else ""),
            oa_secret=get("OA_SECRET", DEMO_WECHAT_SECRET if is_demo else ""),
            oa_token=get("OA_TOKEN", DEMO_TOKEN if is_demo else ""),
            oa_aes_key=get("OA_AES_KEY", DEMO_AES_KEY if is_demo else ""),
            oa_mode=get("OA_MODE", "safe"),
            wechat_api_base=get(
                "WECHAT_API_BASE", f"http://127.0.0.1:{standin_port}" if is_demo else "https://api.weixin.qq.com"
            ).rstrip("/"),
            index_dir=Path(get("INDEX_DIR", "var/index")),
            h5_dir=Path(get("H5_DIR", "miniprogram/dist/build/h5")),
            log_format=get("LOG_FORMAT", "text"),
            port=port,
            proxies=int(get("PROXIES", "0")),
            standin_port=standin_port,
            subscribe_templates={
                name: get(f"TEMPLATE_{name.upper()}", f"demo-{name}" if is_demo else "") for name in TEMPLATES
            },
        )
        settings._check(allow_sqlite=get("ALLOW_SQLITE", "") == "1")
        return settings

    def _check(self, *, allow_sqlite: bool) -> None:
        if self.env not in ("demo", "production"):
            raise SettingsError("LIANYI_ENV must be demo or production")
        if self.oa_mode not in ("plain", "compat", "safe"):
            raise SettingsError("LIANYI_OA_MODE must be plain, compat or safe")
        if self.mp_mode not in ("plain", "compat", "safe"):
            raise SettingsError("LIANYI_MP_MODE must be plain, compat or safe")
        if self.env != "production":
            return
        demo_values = {DEMO_SECRET, DEMO_WECHAT_SECRET, DEMO_TOKEN, DEMO_AES_KEY, DEMO_MP_APPID, DEMO_OA_APPID}
        bad = [f"LIANYI_{n}" for n in SECRETS if getattr(self, n.lower()) in demo_values | {""}]
        if bad:
            raise SettingsError("production needs its own value for: " + ", ".join(bad))
        if len(self.secret_key) < 32:
            raise SettingsError("LIANYI_SECRET_KEY needs at least 32 characters")
        if self.database_url.startswith("sqlite") and not allow_sqlite:
            raise SettingsError("production needs PostgreSQL in LIANYI_DATABASE_URL, or LIANYI_ALLOW_SQLITE=1")


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise SettingsError(f"LIANYI_{name} must be a number from 1 to 65535")
    return int(text)


def _dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines; `#` starts a comment line; quotes around a value are dropped."""
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text("utf-8").splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs if not name.strip().startswith("#")}
