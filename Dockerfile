# syntax=docker/dockerfile:1
# The service without the embedded PostgreSQL: DATABASE_URL says where its database is. docs/containers.md has how to build, pin
# and run it; the program's file system is made by docker/rootfs.

# Everything comes from this one image: the compiler, and from its Debian the libraries and CA certificates of the result.
ARG RUST_IMAGE=docker.io/library/rust:1.95-slim-bookworm

FROM ${RUST_IMAGE} AS build
# ring (tokens, TLS) and mimalloc compile C. Versions are those of the base image's Debian.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
# Writes into the program which crates it is made of, where scanners read it.
RUN --mount=type=cache,id=virtual-tagging-registry,target=/usr/local/cargo/registry,sharing=locked \
    cargo install --locked --root /opt/cargo-auditable --version 0.7.7 cargo-auditable
ENV PATH=/opt/cargo-auditable/bin:$PATH
WORKDIR /build
COPY . .
ARG CARGO_PROFILE=release
ARG TARGETARCH
# Compiled dependencies stay from one build to the next, apart by architecture. What was compiled of the sources does
# not: cargo compares times, and sources of another checkout may be older than what an earlier one left here.
RUN --mount=type=cache,id=virtual-tagging-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=virtual-tagging-target,target=/target,sharing=locked \
    export CARGO_TARGET_DIR="/target/${TARGETARCH}" \
    && cargo clean --locked --profile "$CARGO_PROFILE" --package virtual-tagging --package migration --package tagging \
    && cargo auditable install --locked --profile "$CARGO_PROFILE" --no-default-features \
        --path . --bin virtual-tagging --no-track --root /program \
    && mv /program/bin/virtual-tagging /program/virtual-tagging \
    && docker/licences /program/licences

# What was compiled, and nothing else. `--build-context program=DIRECTORY` puts another build in its place.
FROM scratch AS program
COPY --from=build /program /

FROM ${RUST_IMAGE} AS rootfs
COPY docker/rootfs /usr/local/bin/rootfs
COPY --from=program / /program
RUN rootfs /program/virtual-tagging /program/licences /rootfs

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="virtual-tagging" \
      org.opencontainers.image.description="Infers missing cloud tags with a confidence and a reason, and lets people approve them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=rootfs /rootfs /
USER 10001:10001
WORKDIR /
ENV PATH=/usr/local/bin \
    ENVIRONMENT=production LOG_FORMAT=json \
    API_HOST=0.0.0.0 API_PORT=8000 WORKER_HOST=0.0.0.0 WORKER_PORT=8001
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=40s --retries=3 CMD ["virtual-tagging", "health"]
ENTRYPOINT ["virtual-tagging"]
CMD ["serve"]
