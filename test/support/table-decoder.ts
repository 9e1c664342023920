/** A message as docs/protocol-vectors.json has it: payloads are hexadecimal digits, times are in ms. */
export interface TableMessage {
  readonly type: string;
  [field: string]: unknown;
  contexts?: unknown;
}

/** A row of the table in docs/protocol.md. */
interface Row {
  readonly type: string;
  readonly fields: string;
}

/** The names behind the numbers of a field. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  role: ["distributor", "worker", "collector", "metadataworker", "service", "serviceworker", "serviceclient"],
  status: ["complete", "stopped", "aborted"],
  trust: ["any", "assigned"],
  origin: ["handler", "worker", "service"],
};

/**
 * Decodes a message by the words of docs/protocol.md alone: it shares no code with the library, so it shows that the page is enough.
 *
 * @param rows - The page's table of messages.
 * @param hex - The frames.
 */
export function decodeByTable(rows: readonly Row[], hex: readonly string[]): TableMessage {
  const reader = new TableReader(hex.map((frame) => Buffer.from(frame, "hex")));
  const row = rows[reader.header()];
  if (row === undefined) throw new Error("no such type");
  const message: TableMessage = { type: row.type, runId: reader.text() };
  for (const field of row.fields.split(" ").filter((text) => text !== "")) {
    const [name = "", kind = ""] = field.split(":");
    reader.field(message, name, kind || name);
  }
  reader.payloads();
  return ownShape(message);
}

class TableReader {
  #envelope: Buffer;
  readonly #others: readonly Buffer[];
  #at = 0;
  /** Payloads, which follow behind all fields. */
  readonly #later: {
    readonly target: Record<string, unknown>;
    readonly name: string;
    readonly size: number;
  }[] = [];

  constructor(frames: readonly Buffer[]) {
    const [envelope = Buffer.alloc(0), ...others] = frames;
    this.#envelope = envelope;
    this.#others = others;
  }

  header(): number {
    if (this.#take(3).toString() !== "ZQP" || this.#byte() !== 9) throw new Error("another protocol");
    return this.#byte();
  }

  field(target: Record<string, unknown>, name: string, kind: string): void {
    if (kind === "payload") this.#later.push({ target, name, size: this.#integer() });
    else target[name] = this.#value(name, kind, target);
  }

  text(): string {
    return this.#take(this.#integer()).toString();
  }

  payloads(): void {
    // What follows the fields is one run of bytes, however it is cut into frames.
    this.#envelope = Buffer.concat([this.#envelope.subarray(this.#at), ...this.#others]);
    this.#at = 0;
    for (const { target, name, size } of this.#later) target[name] = this.#take(size).toString("hex");
    if (this.#at !== this.#envelope.length) throw new Error("bytes are left over");
  }

  #value(name: string, kind: string, message: Record<string, unknown>): unknown {
    switch (kind) {
      case "u8":
        return NAMES[name]?.[this.#byte()];
      case "flag":
        return this.#byte() === 1;
      case "integer":
        return this.#integer();
      case "text":
        return this.text();
      case "time":
        return this.#integer() / 1000;
      case "list(text)":
        return this.#list(() => this.text());
      case "seqs":
        return this.#differences(() => {}).map(({ seq }) => seq);
      case "refs":
        return this.#differences((ref) => this.field(ref, "attempt", "integer"));
      case "items":
        return this.#differences((item) => {
          this.field(item, "attempt", "integer");
          this.field(item, "payload", "payload");
        });
      case "origins":
        return this.#origins(message.contexts as readonly string[]);
      case "error":
        return this.#error();
      default:
        throw new Error(`no such kind: ${kind}`);
    }
  }

  #differences(read: (entry: Record<string, unknown>) => void): Record<string, unknown>[] {
    let seq = 0;
    return this.#list(() => {
      seq += this.#zigzag();
      const entry: Record<string, unknown> = { seq };
      read(entry);
      return entry;
    });
  }

  #origins(contexts: readonly string[]): unknown[] {
    let clientSeq = 0;
    return this.#list(() => {
      const clientIndex = this.#integer();
      clientSeq += this.#zigzag();
      const index = contexts.length > 0 ? this.#integer() : 0;
      return { clientIndex, clientSeq, context: index === 0 ? "" : contexts[index - 1] };
    });
  }

  #error(): Record<string, unknown> {
    const error = { name: this.text(), message: this.text(), stack: this.text(), code: this.text() };
    const detail = this.#take(this.#integer());
    return detail.length === 0 ? error : { ...error, detail: detail.toString("hex") };
  }

  #list<T>(read: () => T): T[] {
    return Array.from({ length: this.#integer() }, read);
  }

  #zigzag(): number {
    const code = this.#integer();
    return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
  }

  #integer(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  #byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  #take(size: number): Buffer {
    const bytes = this.#envelope.subarray(this.#at, this.#at + size);
    if (bytes.length !== size) throw new Error("the frame is cut off");
    this.#at += size;
    return bytes;
  }
}

/** The two messages whose fields the library arranges otherwise in memory. */
function ownShape(message: TableMessage): TableMessage {
  if (message.type === "assign") {
    const {
      origins,
      contexts: _,
      items,
      ...rest
    } = message as TableMessage & { origins: object[]; items: object[] };
    return { ...rest, items: items.map((item, index) => ({ ...item, ...origins[index] })) };
  }
  if (message.type === "inspect") {
    const { place, ...rest } = message;
    return place === 0 ? rest : { ...rest, seq: (place as number) - 1 };
  }
  return message;
}
