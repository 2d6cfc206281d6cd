# The mesh's own processes: services, gateway and set-up in one image. Analyses are not in it.
# The base has Python 3.11 with pip.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}
RUN groupadd --system --gid 10001 odamesh \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin odamesh
WORKDIR /opt/odamesh
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY mesh mesh
COPY services services
COPY science science
COPY gateway gateway
COPY odamesh odamesh
COPY infra infra
RUN pip install --no-cache-dir --no-deps --no-build-isolation . ./infra/distribution
# Each service has a user of its own; what sets up starts as root and becomes them.
RUN python -m infra.stack.compose users
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
