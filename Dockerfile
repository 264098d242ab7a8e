# Two images from one file: `docker build --target agent .` and, by default, the gateway.
# Each is a virtual environment of hash-checked packages, copied onto a slim Python; the web pages are built before.

FROM node:22-slim AS pages
WORKDIR /web
COPY gateway/web/package.json gateway/web/package-lock.json gateway/web/.npmrc ./
RUN npm ci --ignore-scripts
COPY gateway/web ./
RUN npm run build

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements requirements
RUN pip install --require-hashes --requirement requirements/build.txt
COPY . .
COPY --from=pages /web/built gateway/web/built
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /dist .

FROM python:3.13-slim AS agent-build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/agent.txt /src/
RUN python -m venv --without-pip /opt/fleetgauge \
    && pip --python /opt/fleetgauge/bin/python install --require-hashes --requirement /src/agent.txt
COPY --from=build /dist /dist
RUN pip --python /opt/fleetgauge/bin/python install --no-deps --no-index /dist/*.whl

FROM python:3.13-slim AS gateway-build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/gateway.txt /src/
RUN python -m venv --without-pip /opt/fleetgauge \
    && pip --python /opt/fleetgauge/bin/python install --require-hashes --requirement /src/gateway.txt
COPY --from=build /dist /dist
RUN pip --python /opt/fleetgauge/bin/python install --no-deps --no-index /dist/*.whl

FROM python:3.13-slim AS base
ENV PATH=/opt/fleetgauge/bin:$PATH PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 fleetgauge \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin fleetgauge

# docs/agent.md says which of the host's directories it needs, and which rights.
FROM base AS agent
COPY --from=agent-build /opt/fleetgauge /opt/fleetgauge
RUN install --directory --owner=10001 --group=10001 --mode=700 /state
ENV FLEETGAUGE_STATE_DIR=/state
USER 10001:10001
WORKDIR /
VOLUME /state
EXPOSE 9256
HEALTHCHECK CMD ["python", "-c", "from http.client import HTTPConnection as H; c = H('127.0.0.1', 9256, timeout=3); c.request('GET', '/health'); exit(c.getresponse().status != 200)"]
ENTRYPOINT ["fleetgauge"]
CMD ["agent", "--listen", "127.0.0.1:9256"]

# Listening beyond loopback takes a token or a user, or, on a network that you trust:
# docker run fleetgauge gateway --listen 0.0.0.0:9095 --allow-anonymous
FROM base AS gateway
COPY --from=gateway-build /opt/fleetgauge /opt/fleetgauge
RUN install --directory --owner=10001 --group=10001 /data
USER 10001:10001
WORKDIR /
VOLUME /data
EXPOSE 9095
HEALTHCHECK CMD ["python", "-c", "from http.client import HTTPConnection as H; c = H('127.0.0.1', 9095, timeout=3); c.request('GET', '/-/healthy'); exit(c.getresponse().status != 200)"]
ENTRYPOINT ["fleetgauge"]
CMD ["gateway", "--listen", "0.0.0.0:9095"]
