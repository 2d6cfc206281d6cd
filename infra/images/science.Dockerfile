# The layer that all analysis images share: Python 3.11, the science stack, and the kit.
ARG BASE_IMAGE=python:3.11-slim-bookworm

# Certificates, proxies and index addresses of the building machine stay in this stage.
FROM ${BASE_IMAGE} AS build
COPY build/ /build/
RUN set -a && . /build/environment \
 && /build/uv pip install --quiet --no-cache --python "$(command -v python3.11)" --target /opt/science \
    --require-hashes --compile-bytecode -r /build/science.lock

FROM ${BASE_IMAGE}
COPY --from=build /opt/science /opt/science
# One thread a process: the mesh runs one unit per core. The root file system is read-only at run time, so caches
# are filled here and below /tmp is the only place to write.
ENV PYTHONPATH=/opt/odamesh:/opt/science \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
    MPLBACKEND=Agg \
    MPLCONFIGDIR=/opt/odamesh/cache/matplotlib \
    NUMBA_CACHE_DIR=/opt/odamesh/cache/numba \
    HOME=/tmp
COPY mesh/ /opt/odamesh/mesh/
RUN mkdir -p /opt/odamesh/cache/matplotlib /opt/odamesh/cache/numba \
 && python3.11 -m compileall -q /opt/odamesh/mesh \
 && chown -R 65534:65534 /opt/odamesh/cache
USER 65534:65534
RUN python3.11 -c "import matplotlib.font_manager"
CMD ["python", "-m", "mesh.kit.warm"]
