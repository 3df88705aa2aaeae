# syntax=docker/dockerfile:1
#
# Two images of the same sources, each one static binary or two on nothing else:
#
#   docker build -t short-lambda .                   the functions on AWS Lambda; elsewhere plain HTTP on a DynamoDB table
#   docker build -t short --target serve .           `short serve` on an embedded file in the volume /data
#
# Both are for amd64 or arm64, whichever the platform of the build names (TARGETARCH). The compiler always runs on the
# builder's own architecture. The dependencies are compiled in a layer that depends on the manifests alone: any builder
# keeps it, and a registry can hold it. Cache mounts would be lost with the machine.

# As in rust-toolchain.toml, which is not copied: it would have rustup fetch components that a build does not need.
ARG RUST_VERSION=1.95.0

FROM --platform=$BUILDPLATFORM rust:${RUST_VERSION}-slim-bookworm AS toolchain
ARG TARGETARCH
WORKDIR /build
# glibc and not musl, whose allocator is slow. Since 2.34 glibc resolves names from hosts file and DNS without loading a
# library, so a static binary finds DynamoDB from an image that holds nothing else. What is stripped and aborts on a panic
# has no use for tables to unwind the stack by. Relocations are packed where the linker can, which saves two thirds of a
# megabyte. Random numbers come from the kernel itself: otherwise a library is looked for first.
# hadolint ignore=DL3008
RUN set -eu; \
    case "$TARGETARCH" in \
      amd64) cpu=x86_64; package=gcc-x86-64-linux-gnu ;; \
      arm64) cpu=aarch64; package=gcc-aarch64-linux-gnu ;; \
      *) echo "error: TARGETARCH is '$TARGETARCH', neither amd64 nor arm64" >&2; exit 1 ;; \
    esac; \
    target="$cpu-unknown-linux-gnu"; \
    if ! command -v "$cpu-linux-gnu-gcc"; then \
      apt-get update; \
      apt-get install -y --no-install-recommends "$package" "libc6-dev-$TARGETARCH-cross"; \
      rm -rf /var/lib/apt/lists/*; \
    fi; \
    [ -d "$(rustc --print target-libdir --target "$target")" ] || rustup target add "$target"; \
    printf '%s\n' >"$CARGO_HOME/config.toml" \
      "[build]" "target = '$target'" "target-dir = '/build/target'" \
      "[target.$target]" "linker = '$cpu-linux-gnu-gcc'" \
      "rustflags = ['-C', 'target-feature=+crt-static', '-C', 'force-unwind-tables=no', '-C', 'link-arg=-Wl,--no-eh-frame-hdr,-z,pack-relative-relocs,-T,scripts/image/no-unwind-tables.ld', '--cfg', 'getrandom_backend=\"linux_getrandom\"']"

FROM toolchain AS manifests
COPY Cargo.toml Cargo.lock ./
COPY scripts/image/no-unwind-tables.ld scripts/image/
COPY shortener-core/Cargo.toml shortener-core/
COPY shortener-lambda/Cargo.toml shortener-lambda/
COPY shortener-cli/Cargo.toml shortener-cli/
COPY bench/Cargo.toml bench/
# Empty crates with the targets that the manifests name, so that cargo compiles what they depend on. No path has a space.
# hadolint ignore=SC2013
RUN set -eu; \
    for crate in shortener-* bench; do \
      mkdir "$crate/src"; \
      touch "$crate/src/lib.rs"; \
      for target in $(sed -n -E 's#^path = "((src|examples)/.*)"$#\1#p' "$crate/Cargo.toml"); do \
        mkdir -p "$crate/${target%/*}"; \
        echo 'fn main() {}' >"$crate/$target"; \
      done; \
    done

# What the programs are made of, and the licences of it: CycloneDX, and the texts that must come with copies.
FROM manifests AS notices
# hadolint ignore=DL3008
RUN command -v python3 || { apt-get update; apt-get install -y --no-install-recommends python3; rm -rf /var/lib/apt/lists/*; }
COPY scripts/image/notices ./
RUN set -eu; \
    target=$(sed -n "s/^target = '\(.*\)'$/\1/p" "$CARGO_HOME/config.toml"); \
    for image in lambda serve; do ./notices "$image" "/notices/$image" --target "$target"; done

# A start parses every certificate that it may need to trust. The functions ask AWS and nobody else.
FROM toolchain AS authorities
COPY scripts/image/amazon-roots ./
RUN ./amazon-roots >/amazon-roots.crt

FROM manifests AS lambda-dependencies
RUN cargo build --profile lambda --locked -p shortener-lambda

FROM lambda-dependencies AS lambda-build
COPY shortener-core/ shortener-core/
COPY shortener-lambda/ shortener-lambda/
# The revision that the binaries report; the history is not in the build context.
ARG SHORT_REVISION
# Sources may be older than the empty crates that cargo has compiled.
RUN find shortener-* -name '*.rs' -exec touch {} + \
    && SHORT_REVISION="$SHORT_REVISION" cargo build --profile lambda --locked -p shortener-lambda --bins \
    && mkdir /image && find target/*/lambda -maxdepth 1 -name 'shortener-*' -type f -executable -exec cp {} /image/ \;

FROM manifests AS serve-dependencies
RUN cargo build --release --locked -p shortener-cli

FROM serve-dependencies AS serve-build
COPY shortener-core/ shortener-core/
COPY shortener-lambda/ shortener-lambda/
COPY shortener-cli/ shortener-cli/
ARG SHORT_REVISION
RUN find shortener-* -name '*.rs' -exec touch {} + \
    && SHORT_REVISION="$SHORT_REVISION" cargo build --release --locked -p shortener-cli --bins \
    && mkdir -p /image/data && cp target/*/release/short /image/

FROM scratch AS serve
ARG SHORT_VERSION=unknown
ARG SHORT_REVISION=unknown
ARG SHORT_SOURCE=unknown
LABEL org.opencontainers.image.title="short" \
      org.opencontainers.image.description="A URL shortener: the whole service on an embedded file" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$SHORT_VERSION" \
      org.opencontainers.image.revision="$SHORT_REVISION" \
      org.opencontainers.image.source="$SHORT_SOURCE"
COPY --from=toolchain /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# A new volume takes its owner from here.
COPY --from=serve-build --chown=65532:65532 /image/ /
COPY --from=notices /notices/serve/ /
# Named, or the same certificates are read twice: from the file, and again from its folder.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt SHORT_FILE=/data/links.db SHORT_LISTEN=0.0.0.0:8080
VOLUME /data
WORKDIR /data
EXPOSE 8080
USER 65532:65532
# No HEALTHCHECK: it would need a second program in the image. Orchestrators ask GET /api/v1/health.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/short"]
CMD ["serve"]

FROM scratch AS lambda
ARG SHORT_VERSION=unknown
ARG SHORT_REVISION=unknown
ARG SHORT_SOURCE=unknown
LABEL org.opencontainers.image.title="shortener-lambda" \
      org.opencontainers.image.description="A URL shortener: the functions on AWS Lambda, or plain HTTP on DynamoDB" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$SHORT_VERSION" \
      org.opencontainers.image.revision="$SHORT_REVISION" \
      org.opencontainers.image.source="$SHORT_SOURCE"
COPY --from=authorities /amazon-roots.crt /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=lambda-build /image/ /
COPY --from=notices /notices/lambda/ /
# For an endpoint of somebody else: SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt, or a file of one's own.
ENV SSL_CERT_FILE=/etc/ssl/certs/amazon-roots.crt SHORT_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
STOPSIGNAL SIGTERM
# Lambda sets the command to `redirect` or `api`, or the entry point to /shortener-ingest.
ENTRYPOINT ["/shortener-lambda"]
