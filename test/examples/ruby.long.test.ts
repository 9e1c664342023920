import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Security } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { DOING, type Doing, DoingCollector, DoingTask } from "../support/python-run.ts";
import { makeDistributor } from "../support/roles.ts";
import { describeWithRuby, ruby, rubyWorker } from "../support/ruby.ts";
import { GoodMetadata } from "../support/secured-roles.ts";
import { withKeys } from "../support/with-keys.ts";

const vectors = readFileSync(new URL("../../docs/protocol-vectors.json", import.meta.url), "utf8");

/** Reads what a worker receives, writes what a worker sends, and tries what is refused; prints what is wrong. */
const CHECK = `
vectors = JSON.parse($stdin.read)
refs = ->(list) { list.map { |ref| ref.values_at("seq", "attempt") } }
bytes = ->(hex) { [hex].pack("H*") }
read = written = 0
vectors["messages"].each do |vector|
  m, frames = vector["message"], vector["frames"].map(&bytes)
  type = m["type"].to_sym
  next unless Wire::TYPES.key?(type)
  items = ->(list) { list.map { |item| [item["seq"], item["attempt"], bytes[item["payload"]]] } }
  texts = m["error"]&.values_at("name", "message", "stack", "code")
  values = case type
           when :hello then [%w[distributor worker collector metadataworker service serviceworker serviceclient].index(m["role"]), m["peerId"], m["taskType"], m["ticket"], refs[m["held"]]]
           when :ready then [m["concurrency"]]
           when :returned then [m["leaving"], refs[m["items"]]]
           when :fail then [m["seq"], m["attempt"], m["retryable"], texts]
           when :result then [m["taskType"], m["workerId"], m["ticket"], (m["busyMs"] * 1000).round, items[m["items"]]]
           when :pong, :bye then []
           end
  if values && !m.dig("error", "detail")
    written += 1
    puts "written otherwise: #{vector["name"]}" unless Wire::Writer.new.message(type, m["runId"], values).join == frames.join
  end
  expected = case type
             when :refuse then [m["reason"]]
             when :welcome then [0, m["peerId"], m["timeoutMs"], m["ticket"], m["context"], bytes[m["metadata"]]].tap { |v| v[0] = 2 if m["role"] == "collector" }
             when :grant then [m["solo"], m["settled"], refs[m["failuresSeen"]], items[m["items"]]]
             when :recall then [m["count"]]
             when :revoke then [refs[m["items"]]]
             when :result then values
             when :end then [%w[complete stopped aborted].index(m["status"]), m["reason"]]
             when :ping, :resend then []
             end or next
  read += 1
  got = Wire::Reader.new(frames).message
  puts "read otherwise: #{vector["name"]} #{got}" unless got == [type, m["runId"], *expected]
end
puts "#{read} read, #{written} written"
`;

describeWithRuby("The worker in Ruby that docs/protocol.md led to", () => {
  test("reads and writes the vectors of the protocol", () => {
    expect(ruby(CHECK, vectors)).toMatch(/^1\d read, 1\d written\n$/);
  });

  test("does its items with keys, trust in those that were given them, and metadata, and reports failures and timeouts", async () => {
    const endpoints = await freshEndpoints("tcp");
    const security = Security.generate();
    const keyFile = security.save(tempFolder()).filter((file) => file.endsWith("worker.json"));
    const collector = withKeys(new DoingCollector(endpoints), security);
    const items: Doing[] = [
      { do: "echo", big: 2n ** 60n, list: [1, null, true], text: "grün", bytes: Buffer.of(1), zero: -0 },
      { do: "info" },
      { do: "throw" },
      { do: "throw once" },
      { do: "throw final" },
      { do: "wait", s: 60 },
      { do: "integer keys" },
      { do: "large", size: 3_000_000 },
    ];
    const distributor = makeDistributor(endpoints, new DoingTask(endpoints, items, 1000), {
      security,
      trust: "assigned",
      metadataEndpoint: address(endpoints.metadata),
    });
    const worker = rubyWorker(DOING.name, endpoints, keyFile);
    const metadata = withKeys(new GoodMetadata(endpoints), security).run();
    const [{ runId, status }] = await Promise.all([distributor.run(), collector.run(), metadata]);
    await worker.printed("over");
    expect(status).toBe("complete");
    expect(collector.results.get("0")).toEqual(items[0]);
    expect(collector.results.get("1")).toEqual({ id: `${runId}/python/1`, metadata: { good: true } });
    expect(collector.results.get("3")).toEqual({ attempt: 2 });
    const { bytes } = collector.results.get("7") as { bytes: Buffer };
    expect(bytes.equals(Buffer.alloc(3_000_000, "x"))).toBe(true);
    const failures = Object.fromEntries(
      [...collector.failed].map(([id, { attempts, error }]) => [id, [attempts, error.name, error.code]]),
    );
    expect(failures).toEqual({
      2: [2, "ArgumentError", ""],
      4: [1, "TypeError", ""],
      5: [2, "Timeout", "EXECUTION_TIMEOUT"],
      6: [1, "PipelineError", "BAD_MESSAGE"],
    });
  });

  test("loses and doubles nothing while workers are killed, frozen and stopped", async () => {
    const endpoints = await freshEndpoints("ipc");
    const collector = new DoingCollector(endpoints);
    const items = Array.from({ length: 4000 }, (_, n) => ({ do: "wait", s: 0.003, n }));
    const done = Promise.all([
      makeDistributor(endpoints, new DoingTask(endpoints, items)).run(),
      collector.run(),
    ]);
    const start = () => rubyWorker(DOING.name, endpoints);
    const collected = async (count: number) => {
      while (collector.results.size < count) await sleep(20);
    };
    let [first, second] = [start(), start()];
    await collected(500);
    first.kill("SIGKILL");
    await first.exited;
    first = start();
    await collected(1500);
    second.kill("SIGSTOP");
    await collected(2500); // by the other one alone
    second.kill("SIGCONT");
    await collected(3000);
    first.kill("SIGTERM");
    await first.printed("over");
    const [{ status, tasks }, { duplicates }] = await done;
    await second.printed("over");
    expect({ status, acked: tasks.python?.acked, size: collector.results.size }).toEqual({
      status: "complete",
      acked: 4000,
      size: 4000,
    });
    expect(duplicates).toBeLessThan(4000);
  });
});
