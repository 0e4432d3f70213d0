# docker build -t soundings .
# docker run -v soundings:/data -p 8000:8000 soundings            serves; an SQLite file is migrated at the start
# docker run -e SOUNDINGS_DATABASE_URL=... soundings migrate      any other command of `soundings`

FROM python:3.13-slim AS build
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The lock before the source: the layer with the packages is built anew only when the lock changes.
COPY requirements.lock /src/
RUN pip install --require-hashes -r /src/requirements.lock
COPY pyproject.toml /src/
COPY app /src/app
COPY migrations /src/migrations
RUN pip install --no-deps /src && pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /venv /venv
# A numeric user, so that a cluster can see that it is not root. /data is the only place it can write to.
RUN install -d -o 10001 -g 10001 -m 700 /data
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SOUNDINGS_HOST=0.0.0.0 \
    SOUNDINGS_PORT=8000 \
    SOUNDINGS_DATABASE_URL=sqlite:////data/soundings.db
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
# The image has no curl, and needs none: urlopen raises, and so exits with 1, on anything but success.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['SOUNDINGS_PORT']}/healthz\", timeout=4)"]
ENTRYPOINT ["soundings"]
CMD ["serve"]
