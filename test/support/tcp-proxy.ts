import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Direction in which a connection passes nothing on. */
export type Direction = "toServer" | "toClient";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A proxy between two peers. It cuts their connections, or passes nothing on in one direction while both stay open. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  cuts = 0;
  mutes = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param endpoint - A `tcp://` endpoint on this machine; the server may come later. */
  static async before(endpoint: string): Promise<TcpProxy> {
    const port = Number(new URL(endpoint).port);
    const server = createServer((client) => proxy.#accept(client, port));
    const proxy = new TcpProxy(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
      proxy.cut();
    });
    return proxy;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return `tcp://localhost:${typeof address === "object" ? address?.port : ""}`;
  }

  cut(): void {
    this.cuts += this.#pairs.size;
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    this.#pairs.clear();
  }

  /** Cuts the connections that exist now; later connections are not affected. */
  mute(direction: Direction): void {
    this.mutes += this.#pairs.size;
    for (const { client, server } of this.#pairs) {
      const [from, to] = direction === "toServer" ? [client, server] : [server, client];
      from.unpipe(to);
      from.resume(); // reads and discards
    }
  }

  #accept(client: Socket, port: number): void {
    const server = connect(port, "127.0.0.1");
    const pair = { client, server };
    this.#pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    for (const socket of [client, server]) {
      socket.on("error", () => {}); // the proxy cuts connections on purpose
      socket.on("close", () => {
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
  }
}
