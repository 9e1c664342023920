// An HTTP server that leaves the work to a service.
import Fastify from "fastify";
import { PipelineError, ServiceClient } from "zmqpipeline";
import { FRONT, HASH } from "./settings.ts";

const client = new ServiceClient<{ user: string; password: string }, { hash: string }>(FRONT, {
  taskType: HASH,
  timeout: 5000,
  // Hashing twice does no harm: when a worker dies, its requests may go to another one.
  idempotent: true,
  idleTimeout: Number.POSITIVE_INFINITY,
});

/** The HTTP status for a request that was not answered, by the code of the error. */
const STATUS: Readonly<Record<string, number>> = {
  SERVICE_BUSY: 503,
  SERVICE_STOPPED: 503,
  NO_WORKER: 503,
  REQUEST_TIMEOUT: 504,
  PEER_TIMEOUT: 504,
};

const app = Fastify();

app.post<{ Body: { user: string; password: string } }>("/hash", async (request, reply) => {
  // A caller that hangs up needs no reply. A handler that has begun is told by its signal; a request that waits is dropped.
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  try {
    return await client.request(request.body, { signal: gone.signal });
  } catch (error) {
    const status = error instanceof PipelineError ? STATUS[error.code] : undefined;
    if (error instanceof PipelineError && status !== undefined) {
      return reply.code(status).send({ code: error.code });
    }
    throw error;
  }
});

process.send?.(await app.listen({ port: 0, host: "127.0.0.1" }));

process.once("SIGTERM", async () => {
  await app.close();
  await client.stop();
  process.disconnect?.();
});
