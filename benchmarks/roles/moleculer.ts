// moleculer.ts NODE NODES SEQUENTIAL PIPELINED: nodes of Moleculer over its own TCP transporter; the one called client calls.
import { ServiceBroker } from "moleculer";
import { load } from "./service-load.ts";

const [node = "", nodes = "", sequential, pipelined] = process.argv.slice(2);
const broker = new ServiceBroker({
  nodeID: node,
  logger: false,
  // No discovery over the network: the nodes are named.
  transporter: { type: "TCP", options: { udpDiscovery: false, urls: nodes.split(",") } },
});
if (node !== "client") {
  broker.createService({
    name: "bench",
    actions: { upper: ({ params }) => ({ message: String(params.message).toUpperCase() }) },
  });
}
await broker.start();
if (node === "client") {
  await broker.waitForServices("bench");
  await load(Number(sequential), Number(pipelined), () => broker.call("bench.upper", { message: "hello" }));
  process.exit();
}
