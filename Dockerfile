# syntax=docker/dockerfile:1
# The service without the embedded PostgreSQL: DATABASE_URL says where its database is.

FROM rust:1.95-slim-bookworm AS build
# aws-lc (tokens) and ring (TLS to PostgreSQL) compile C.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# Dependencies and what was compiled of them stay in these caches from one build to the next.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --release --no-default-features --bin virtual-tagging && \
    cp target/release/virtual-tagging /virtual-tagging

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin virtual-tagging
COPY --from=build /virtual-tagging /usr/local/bin/virtual-tagging
USER 10001
WORKDIR /
ENV ENVIRONMENT=production API_HOST=0.0.0.0 API_PORT=8000 LOG_FORMAT=json
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=40s --retries=3 CMD ["virtual-tagging", "health"]
ENTRYPOINT ["virtual-tagging"]
CMD ["serve"]
