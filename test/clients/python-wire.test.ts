import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { visibleText } from "../../src/structures/visible-text.ts";
import { describeWithPython, python } from "../support/python.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const vectors = readFileSync(path("docs/protocol-vectors.json"), "utf8");

/** Checks the file's own reader and writer against the vectors; prints what differs, as JSON. */
const CHECK = `
import json, sys
from datetime import datetime
sys.path.insert(0, ${JSON.stringify(path("clients/python"))})
import zmqpipeline_worker as z
v = json.load(sys.stdin)
bad, read, written = [], 0, 0
hexes = lambda frames: [frame.hex() for frame in frames]
for entry in v["messages"]:
    m, frames = entry["message"], [bytes.fromhex(f) for f in entry["frames"]]
    try:
        z.decode_message(frames); read += 1
    except z.ProtocolError as error:
        if "do not receive" not in str(error): bad.append([entry["name"], str(error)])
    write = {
        "ready": lambda w: w.integer(m["concurrency"]),
        "returned": lambda w: (w.byte(int(m["leaving"])), w.refs((i["seq"], i["attempt"]) for i in m["items"]), None)[2],
        "pong": lambda w: None, "bye": lambda w: None,
        "hello": lambda w: (w.byte(z.ROLES.index(m["role"])), w.text(m["peerId"]), w.text(m["taskType"]), w.text(m["ticket"]), w.refs((i["seq"], i["attempt"]) for i in m["held"]), None)[5],
    }.get(m["type"])
    if write is not None:
        written += 1
        if hexes(z.encode_message(m["type"], m["runId"], write)) != entry["frames"]: bad.append([entry["name"], "written otherwise"])
for entry in v["payloads"]:
    try: z.decode_value(bytes.fromhex(entry["bytes"]))
    except Exception as error: bad.append([entry["value"], repr(error)])
for entry in v["foreignPayloads"]:
    value = z.decode_value(bytes.fromhex(entry["bytes"]))
    want = entry["value"]
    if isinstance(want, dict) and "bigint" in want: want = int(want["bigint"])
    elif isinstance(want, dict) and "date" in want: want = datetime.fromisoformat(want["date"].replace("Z", "+00:00"))
    if value != want: bad.append([entry["bytes"], repr(value)])
for entry in v["refused"]:
    try:
        z.decode_message([bytes.fromhex(f) for f in entry["frames"]])
        bad.append([entry["why"], "taken"])
    except z.ProtocolError: pass
print(json.dumps({"bad": bad, "read": read, "written": written}))
`;

/** Prints the code points that the file shows as they are, as the first and the last of each range. */
const SHOWN = String.raw`
import json, sys
sys.path.insert(0, ${JSON.stringify(path("clients/python"))})
import zmqpipeline_worker as z
ranges = []
for code in range(0x110000):
    if z.visible(chr(code)) != chr(code): continue
    if ranges and ranges[-1][1] == code - 1: ranges[-1][1] = code
    else: ranges.append([code, code])
print(json.dumps({"ranges": ranges, "text": z.visible("gr\u00fcn \U0001f332 \x1b[2J\n\u202e\u3164")}))
`;

describeWithPython("The worker in Python", () => {
  test("shows nothing as it is, of a peer's text, that this library makes visible", () => {
    const { ranges, text } = JSON.parse(python(SHOWN)) as { ranges: [number, number][]; text: string };
    expect(text).toBe("grün 🌲 \\x1b[2J\\n\\u202e\\u3164");
    const hidden: string[] = [];
    for (const [first, last] of ranges)
      for (let code = first; code <= last; code++) {
        const character = String.fromCodePoint(code);
        if (visibleText(character) !== character) hidden.push(code.toString(16));
      }
    expect(hidden).toEqual([]);
    expect(ranges.length).toBeGreaterThan(100);
  });

  test("reads and writes the vectors of the protocol", () => {
    const { bad, read, written } = JSON.parse(python(CHECK, vectors)) as {
      bad: unknown[];
      read: number;
      written: number;
    };
    expect(bad).toEqual([]);
    expect(read).toBeGreaterThan(10);
    expect(written).toBeGreaterThan(5);
  });
});
