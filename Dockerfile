# The images of flagrelay: targets `relay` and `operator`.
#
#   npm ci && npm run build -w relay -w operator     # makes relay/dist and operator/dist
#   docker build --target relay .                    # or: buildah build --target relay .
#
# The bundles are plain JavaScript, the same on every platform, so that they are made once outside and only copied
# here; `make images` does all of it. relay/dist/cache holds what the Node that built it has compiled: the same Node starts
# faster with it, any other ignores it. Their source maps lie beside them: NODE_OPTIONS with --enable-source-maps reads them, for
# 17 MiB of memory. A release pins its base by digest: --build-arg
# BASE_IMAGE="$(node e2e/images/main.ts base)". BASE_IMAGE needs /nodejs/bin/node (24 or later) and nothing else: no shell.
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BASE_IMAGE} AS runtime
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.source="https://github.com/flagrelay/flagrelay" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="flagrelay" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /app
USER 65532:65532

FROM runtime AS relay
LABEL org.opencontainers.image.title="flagrelay relay" \
      org.opencontainers.image.description="Feature-flag relay: a drop-in replacement of LaunchDarkly's Relay Proxy"
COPY relay/dist/ /app/
# 8030: SDKs; 8031: probes and metrics.
EXPOSE 8030 8031
# The heap may take this part of the container's memory, instead of half; the rest is for buffers, code and sockets. As a variable, so that
# whoever sets NODE_OPTIONS chooses. Workers divide it (relay/src/workers/heap.ts).
ENV NODE_OPTIONS=--max-old-space-size-percentage=62
# The heap's young part grows to 8 MiB instead of 16: it holds nothing but garbage here, and is 2.5 KB for each of 2,000 streams.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "/app/main.js"]
# As ld-relay's image: its file where one is mounted, and environment variables over it. Arguments replace these.
CMD ["--config", "/ldr/ld-relay.conf", "--allow-missing-file", "--from-env"]

FROM runtime AS operator
LABEL org.opencontainers.image.title="flagrelay operator" \
      org.opencontainers.image.description="Kubernetes operator that runs flagrelay relays"
COPY operator/dist/ /app/
# 8080: metrics; 8081: probes.
EXPOSE 8080 8081
# Without a bound Node's heap for young objects alone grows to 128 MiB while many RelayProxies change.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "/app/main.js"]
