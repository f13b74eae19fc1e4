"""Gunicorn's settings: two workers of eight threads, each loading the app itself.

The app is not loaded before the fork: open SQLite handles and threads must not be shared by workers.
"""

worker_class = "gthread"
workers = 2
threads = 8
backlog = 512
timeout = 60
graceful_timeout = 10
keepalive = 15
max_requests = 0
preload_app = False
accesslog = None  # the app writes one line per request itself, with its request id
errorlog = "-"
loglevel = "warning"
# Its default lies in the home directory, which may be missing or read-only.
control_socket_disable = True
