"""The configuration of nginx as the edge: TLS, HTTP/2, limits, streams as they come, and nothing of the inside.

TLS as the intermediate profile of Mozilla's guidelines (https://wiki.mozilla.org/Security/Server_Side_TLS, 5.7).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from infra.stack.problem import SetupProblem

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_PREFIX = re.compile(r"(/[A-Za-z0-9._-]+)*")
_PATH = re.compile(r"[A-Za-z0-9/._+@-]+")
_CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
_AWAY = json.dumps(
    {
        "type": "about:blank",
        "title": "Not here now",
        "status": 503,
        "detail": "The gateway does not answer; nothing that it has taken is lost. Ask again in some seconds.",
    }
)
_REQUESTS_A_SECOND, _BURST = 50, 200
_CONNECTIONS = 100
_SILENCE_S = 120
"""Streams and long polls are never silent for longer: the gateway sends a sign of life."""


@dataclass(frozen=True)
class Edge:
    """What an operator says of the edge.

    Args:
        name: under which callers reach it.
        certificate: of that name, with what is between it and a root.
        key: of the certificate.
        gateway: port of the gateway on loopback.
        body_bytes: longest body that the gateway takes.
        directory: where nginx keeps its pid and its temporary files.
        port: for TLS.
        plain_port: for those who come without, and are sent to the other; 0: none.
        prefix: path below which the gateway is served.
        trusted: networks of balancers before the edge, which are believed when they tell who calls.
    """

    name: str
    certificate: Path
    key: Path
    gateway: int
    body_bytes: int
    directory: Path
    port: int = 443
    plain_port: int = 80
    prefix: str = ""
    trusted: Sequence[str] = ()

    def check(self) -> None:
        """Return if this can be written down; SetupProblem names what is wrong."""
        if not _NAME.fullmatch(self.name):
            raise SetupProblem(f"--name {self.name} is not the name of a host")
        if not _PREFIX.fullmatch(self.prefix) or self.prefix.startswith("/api"):
            raise SetupProblem(f"--prefix {self.prefix} must look like /odamesh, and not begin with /api")
        for what, path in (("--certificate", self.certificate), ("--key", self.key), ("state", self.directory)):
            if not _PATH.fullmatch(str(path)):
                raise SetupProblem(f"{what} {path}: nginx is given paths of letters, digits and /._+@- alone")
        for what, path in (("--certificate", self.certificate), ("--key", self.key)):
            if not path.is_file():
                raise SetupProblem(f"{what} {path} is not there")
        for network in self.trusted:
            try:
                ip_network(network)
            except ValueError as error:
                raise SetupProblem(f"--trusted {network}: {error}") from error


def configuration(edge: Edge) -> str:
    """Return the configuration of a whole nginx; SetupProblem where it cannot be."""
    edge.check()
    real_ip = "".join(f"    set_real_ip_from {network};\n" for network in edge.trusted)
    if real_ip:
        real_ip += "    real_ip_header X-Forwarded-For;\n    real_ip_recursive on;\n"
    return f"""\
# Made by `odamesh stack edge`, which makes it again; `nginx -t -c` this file checks it.
worker_processes auto;
pid {edge.directory}/nginx.pid;
error_log {edge.directory}/error.log warn;
events {{ worker_connections 4096; }}

http {{
    server_tokens off;
    # No arguments: some clients put their token there.
    log_format odamesh '$time_iso8601 $remote_addr "$request_method $uri" $status $body_bytes_sent '
                       '$request_time $sent_http_x_request_id';
    access_log {edge.directory}/access.log odamesh;
    client_body_temp_path {edge.directory}/body;
    proxy_temp_path {edge.directory}/proxy;
    fastcgi_temp_path {edge.directory}/fastcgi;
    uwsgi_temp_path {edge.directory}/uwsgi;
    scgi_temp_path {edge.directory}/scgi;
{real_ip}
    # The gateway has limits of its own per account; these keep one address from taking all connections.
    limit_req_zone $binary_remote_addr zone=requests:10m rate={_REQUESTS_A_SECOND}r/s;
    limit_conn_zone $binary_remote_addr zone=connections:10m;
    limit_req_status 429;
    limit_conn_status 429;

    upstream gateway {{
        server 127.0.0.1:{edge.gateway};
        keepalive 64;
    }}
{_plain(edge)}
    server {{
        listen {edge.port} ssl http2;
        server_name {edge.name};
        ssl_certificate {edge.certificate};
        ssl_certificate_key {edge.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers {_CIPHERS};
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:odamesh:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;

        add_header Strict-Transport-Security "max-age=31536000" always;
        add_header X-Content-Type-Options nosniff always;
        add_header Referrer-Policy same-origin always;

        client_max_body_size {edge.body_bytes};
        client_header_timeout 30s;
        client_body_timeout 30s;
        limit_req zone=requests burst={_BURST} nodelay;
        limit_conn connections {_CONNECTIONS};

        # Figures and probes are for this machine.
        location ~ ^{edge.prefix}/(metrics|livez|readyz)$ {{ return 404; }}

        location {edge.prefix or "/"} {{
            proxy_pass http://gateway;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            # Whoever calls may have written these himself: they are replaced, not continued.
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
            proxy_buffering off;
            # A body is handed on as it comes, so that the gateway's own limits end it.
            proxy_request_buffering off;
            proxy_read_timeout {_SILENCE_S}s;
            proxy_next_upstream off;
            proxy_intercept_errors off;
            error_page 502 504 = @away;
        }}

        location @away {{
            internal;
            default_type application/problem+json;
            add_header Retry-After 5 always;
            return 503 '{_AWAY}';
        }}
    }}
}}
"""


def _plain(edge: Edge) -> str:
    if not edge.plain_port:
        return ""
    port = "" if edge.port == 443 else f":{edge.port}"
    return f"""
    server {{
        listen {edge.plain_port};
        server_name {edge.name};
        # A token that was sent without TLS has been seen by others: only pages are sent on.
        if ($request_method !~ ^(GET|HEAD)$) {{ return 403; }}
        return 301 https://{edge.name}{port}$request_uri;
    }}
"""
