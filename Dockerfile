# Build: the whole toolchain, nothing of which reaches the image that runs.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY federation ./federation
COPY src ./src
COPY demo ./demo
COPY bench ./bench
COPY attack ./attack
RUN node scripts/build.mjs && npm prune --omit=dev

FROM node:24-bookworm-slim
# ffmpeg: video and audio uploads get a poster frame, a duration, and lose their metadata.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node -m 0700 /data
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/dist ./dist
RUN ln -s /app/dist/src/cli/main.js /usr/local/bin/landfall && chmod 0755 /app/dist/src/cli/main.js
# Fewer arenas of the C library for Node's dozen threads, and a young generation as small as it was up to Node 22: some
# 10 MB and 80 MB less under load (docs/bench.md).
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    NODE_OPTIONS=--max-semi-space-size=16 \
    LANDFALL_BIND=0.0.0.0 \
    LANDFALL_PORT=3000 \
    LANDFALL_DATA=/data
USER node
VOLUME /data
EXPOSE 3000
# Exec form: SIGTERM reaches the server, which drains before it stops.
CMD ["node", "/app/dist/src/cli/main.js", "serve"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LANDFALL_PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
