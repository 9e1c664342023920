// moleculer.ts NODE NODES SEQUENTIAL PIPELINED: a node of Moleculer, over its own TCP transporter. The node `client` calls the others.
import { ServiceBroker } from "moleculer";
import { load } from "./service-load.ts";

const [node = "", nodes = "", sequential, pipelined] = process.argv.slice(2);
const broker = new ServiceBroker({
  nodeID: node,
  logger: false,
  // The list of nodes is given, so none has to be discovered.
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
