# Built by `make image`. To pin both images to digests that you trust:
#   Scripts/image --build-arg SWIFT_IMAGE=swift:6.3.1-bookworm@sha256:… \
#     --build-arg RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot@sha256:…
ARG SWIFT_IMAGE=swift:6.3.1-bookworm
# Debian 12's C and C++ libraries and OpenSSL; no shell, no package manager, user 65532.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${SWIFT_IMAGE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Debian keeps only the newest build of a package, so that a pinned version soon cannot be installed.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libnghttp2-dev libssl-dev libyaml-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift openapi.yaml ./
COPY Sources Sources
COPY Tests Tests
RUN swift build --configuration release --static-swift-stdlib --product cattleguard \
    && install -D --strip .build/release/cattleguard /image/usr/bin/cattleguard
# The two libraries that the runtime image lacks, each with the entry that scanners look for.
RUN mkdir -p /image/var/lib/dpkg/status.d \
    && for package in libnghttp2-14 libyaml-0-2; do \
        dpkg --listfiles "$package" | grep '\.so\.' | xargs cp --parents --target-directory=/image \
        && dpkg --status "$package" > "/image/var/lib/dpkg/status.d/$package"; \
    done

FROM ${RUNTIME_IMAGE}
COPY --from=build /image/ /
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/bin/cattleguard"]
CMD ["serve"]
