"""`wechat-standin`: the stand-in WeChat server."""

import logging

import click

from server.settings import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Default: LIANYI_STANDIN_PORT, else 8009.")
@click.option("--app", "app_url", default=None, help="Where the app listens. Default: this machine, LIANYI_PORT.")
def wechat_standin(host: str, port: int | None, app_url: str | None) -> None:
    """The stand-in WeChat server: sign-in, messages, and a page to read and write them."""
    from server.wechat_standin.web import serve

    settings = Settings.from_env()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    port = port or settings.standin_port
    click.echo(f"微信替身 http://{host}:{port}")
    serve(settings, host=host, port=port, app_url=(app_url or f"http://127.0.0.1:{settings.port}").rstrip("/"))
