"""One real broker of Apache Kafka on this machine, as GCN and SCiMMA run theirs: TLS, OAUTHBEARER and SCRAM.

Its jars come from Maven Central and stay in the cache of the project; Java and Maven must be there.
"""

import base64
import json
import os
import socket
import ssl
import subprocess
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from infra.stack.layout import Layout

VERSION = "4.4.0"
USER, PASSWORD = "scimma", "scimma-secret"
CLIENT_ID, CLIENT_SECRET = "odamesh", "odamesh-secret"
_READY_SECONDS = 120.0
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>test</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>"""
_SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},SCRAM://localhost:{scram},OAUTH://localhost:{oauth}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SCRAM://localhost:{scram},OAUTH://localhost:{oauth}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_SSL,OAUTH:SASL_SSL
inter.broker.listener.name=PLAINTEXT
log.dirs={home}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=true
num.partitions=1
message.max.bytes=5242880
replica.fetch.max.bytes=5242880
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=2
background.threads=2
ssl.keystore.type=PEM
ssl.keystore.location={home}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={home}/ca.pem
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.scram-sha-512.sasl.jaas.config={scram_module} required;
listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oauth.oauthbearer.sasl.jaas.config={oauth_module} required;
listener.name.oauth.oauthbearer.sasl.server.callback.handler.class={oauth_handler}
listener.name.oauth.oauthbearer.sasl.oauthbearer.jwks.endpoint.url=http://127.0.0.1:{keys}/
listener.name.oauth.oauthbearer.sasl.oauthbearer.expected.audience=gcn
listener.name.oauth.oauthbearer.sasl.oauthbearer.expected.issuer=https://localhost
"""
_SECURITY = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class RealBroker:
    """Where it is.

    Args:
        plain: address without anything.
        scram: address over TLS, with user and password.
        oauth: address over TLS, with tokens.
        tokens: address that gives tokens.
        ca: file with the authority of its certificate.
    """

    plain: str
    scram: str
    oauth: str
    tokens: str
    ca: Path


@contextmanager
def real_broker(home: Path) -> Iterator[RealBroker]:
    """Run the broker; yields when it answers."""
    jars = _jars()
    _certificates(home)
    signing = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ports = {name: _free_port() for name in ("plain", "controller", "scram", "oauth")}
    with _serving(signing, None) as keys, _serving(signing, home / "broker.pem") as tokens:
        text = _SETTINGS.format(
            **ports,
            keys=keys,
            home=home,
            scram_module=f"{_SECURITY}.scram.ScramLoginModule",
            oauth_module=f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule",
            oauth_handler=f"{_SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler",
        )
        (home / "server.properties").write_text(text)
        environment = {**os.environ, "CLASSPATH": f"{jars}/*"}
        java = ["java", "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        java += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        java += [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=http://127.0.0.1:{keys}/"]
        ident = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        account = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        make = ["kafka.tools.StorageTool", "format", "-t", ident, "-c", "server.properties", "--add-scram", account]
        subprocess.run([*java, *make], cwd=home, env=environment, check=True, capture_output=True)
        with (home / "kafka.log").open("w") as log:
            process = subprocess.Popen(
                [*java, "kafka.Kafka", "server.properties"], cwd=home, env=environment, stdout=log, stderr=log
            )
            try:
                _await(process, home / "kafka.log", ports.values())
                yield RealBroker(
                    plain=f"127.0.0.1:{ports['plain']}",
                    scram=f"localhost:{ports['scram']}",
                    oauth=f"localhost:{ports['oauth']}",
                    tokens=f"https://localhost:{tokens}/oauth2/token",
                    ca=home / "ca.pem",
                )
            finally:
                process.kill()
                process.wait()


def _jars() -> Path:
    """Return the folder with the jars, fetched where they are not there."""
    folder = Layout.from_environment().cache / f"kafka-{VERSION}"
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pom.xml").write_text(_POM)
        command = ["mvn", "-q", "-B", "-f", str(folder / "pom.xml"), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={folder}/lib", f"-Dmaven.repo.local={folder}/m2"]
        subprocess.run(command, check=True, timeout=600)
        (folder / "whole").touch()
    return folder / "lib"


def _await(process: "subprocess.Popen[bytes]", log: Path, ports: Iterable[int]) -> None:
    end = time.monotonic() + _READY_SECONDS
    for port in ports:
        while True:
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < end, log.read_text()[-3000:]
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.25)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _certificates(home: Path) -> None:
    """Write a key with its certificate, which is its own authority."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM)
    kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (home / "ca.pem").write_bytes(text)
    (home / "broker.pem").write_bytes(key.private_bytes(*kind) + text)


@contextmanager
def _serving(key: rsa.RSAPrivateKey, certificate: Path | None) -> Iterator[int]:
    """Serve the key set, and tokens to who has the secret; over TLS where a certificate is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            self._answer(200, {"keys": [{**known, "kid": "1", "use": "sig", "alg": "RS256"}]})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            basic = self.headers.get("Authorization", "")
            shown = base64.b64decode(basic.removeprefix("Basic ")).decode() if basic else ""
            given = shown or f"{form.get('client_id', [''])[0]}:{form.get('client_secret', [''])[0]}"
            if given != f"{CLIENT_ID}:{CLIENT_SECRET}":
                self._answer(401, {"error": "invalid_client"})
                return
            now = int(time.time())
            claims = {"iss": "https://localhost", "sub": CLIENT_ID, "aud": "gcn", "iat": now, "exp": now + 300}
            token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})
            self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 300})

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, status: int, told: dict[str, object]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
