# 链驿 Lianyi. One image for the web process, the scheduler and the commands; see compose.yaml.
FROM node:22-slim AS front
COPY deploy/steps.sh /src/deploy/steps.sh
COPY miniprogram /src/miniprogram
RUN /src/deploy/steps.sh front /src

FROM python:3.11-slim AS build
COPY deploy/steps.sh requirements.txt /src/deploy/
RUN mv /src/deploy/requirements.txt /src/ && /src/deploy/steps.sh packages /src /opt/lianyi/venv
COPY . /src
COPY --from=front /src/miniprogram/dist /src/miniprogram/dist
RUN /src/deploy/steps.sh code /src /opt/lianyi/app

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin lianyi
COPY --from=build /opt/lianyi /opt/lianyi
RUN chown lianyi:lianyi /opt/lianyi/app/var
ENV PATH=/opt/lianyi/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LIANYI_ENV=production \
    LIANYI_LOG_FORMAT=json
WORKDIR /opt/lianyi/app
USER lianyi
VOLUME /opt/lianyi/app/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-m", "server.healthcheck"]
CMD ["python", "-m", "server", "serve", "--host", "0.0.0.0", "--no-scheduler"]
