// An HTTP server that leaves the work to a service.
import Fastify from "fastify";
import { PipelineError, ServiceClient } from "zmqpipeline";
import { FRONT, HASH } from "./settings.ts";

const client = new ServiceClient<{ user: string; password: string }, { hash: string }>(FRONT, {
  taskType: HASH,
  timeout: 5000,
  // Hashing twice does no harm: when a worker dies, another takes over.
  idempotent: true,
  idleTimeout: Number.POSITIVE_INFINITY,
});

/** What a client of the server is told about a request that was not answered. */
const STATUS: Readonly<Record<string, number>> = {
  SERVICE_BUSY: 503,
  SERVICE_STOPPED: 503,
  NO_WORKER: 503,
  REQUEST_TIMEOUT: 504,
  PEER_TIMEOUT: 504,
};

const app = Fastify();

app.post<{ Body: { user: string; password: string } }>("/hash", async (request, reply) => {
  // Who hangs up needs no reply: the worker's handler is told, if it has begun, and the request dropped, if it has not.
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
