"""gunicorn for one instance of the site: gunicorn -c deploy/gunicorn.conf.py ihome_site.wsgi

Two instances on two ports run side by side, so that one can be restarted while the other serves.
"""

import multiprocessing
import os

# A TCP address, not a unix socket: the site reads the visitor's address from X-Forwarded-For
# only when the peer's own address is one of TRUSTED_PROXIES, and a socket file has none.
bind = os.environ.get("BIND", "127.0.0.1:8001")
workers = int(os.environ.get("WEB_WORKERS") or multiprocessing.cpu_count())
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 8)

# Mistakes in the settings stop the start instead of every worker, and workers share memory.
preload_app = True

# A picture takes up to two seconds, pictures of one worker wait for each other, and one request
# may bring twelve.
timeout = 60
# Longer than any request may take: a restart finishes what it has begun.
graceful_timeout = 65
# nginx opens a connection a request: on one kept open a POST could meet a worker just leaving,
# and nginx must not send a POST twice.
keepalive = 0

# Memory that pictures have fragmented is given back; jitter keeps workers from leaving together.
max_requests = 5000
max_requests_jitter = 1000
# On disk a heartbeat may block behind a slow write, and a healthy worker be killed for it.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108

# Nobody steers it by a socket, and two instances would want the same file.
control_socket_disable = True

# nginx has the access log; what the site has to say goes to stderr, which is the journal.
accesslog = None
errorlog = "-"
# Django decides by TRUSTED_PROXIES and SECURE_PROXY_SSL_HEADER, not gunicorn.
forwarded_allow_ips = ""
