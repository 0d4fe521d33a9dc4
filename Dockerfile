# The bots, the page and the TURN endpoint in one image; compose.yaml runs each as a service.
FROM python:3.12-slim AS build
WORKDIR /src
# Named one by one: a data folder or a password beside them stays out of the image.
COPY pyproject.toml requirements.lock hatch_build.py README.md LICENSE ./
COPY voip voip
COPY turn turn
COPY tools tools
COPY static/package.json static/package-lock.json static/.npmrc static/
COPY static/*.json static/*.ts static/index.html static/
COPY static/src static/src
COPY static/public static/public
COPY static/worker static/worker
# The versions of the lock file, and of those only what is needed here.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /built . \
 && grep -v -e '--hash' requirements.lock | sed 's/ *\\$//' > /built/versions.txt

FROM python:3.12-slim
COPY --from=build /built /built
RUN pip install --no-cache-dir --constraint /built/versions.txt \
      "$(ls /built/*.whl)[redis,listening]" espeakng-loader \
 && useradd --create-home --uid 1000 voip && install -d -o voip -m 700 /data
USER voip
WORKDIR /home/voip
VOLUME /data
ENTRYPOINT ["voip"]
CMD ["bot"]
