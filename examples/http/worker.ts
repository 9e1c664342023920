// Hashes passwords. Each takes some ms of processor time, in which the server could do nothing else.
import { createHash, scryptSync } from "node:crypto";
import { isMain, ServiceWorker } from "zmqpipeline";
import { BACK, HASH } from "./settings.ts";

class HashWorker extends ServiceWorker<{ user: string; password: string }, { hash: string }> {
  override readonly taskType = HASH;
  readonly endpoint = BACK;

  override initWorker() {
    process.send?.("ready");
  }

  handleMessage({ user, password }: { user: string; password: string }) {
    const salt = createHash("sha256").update(user).digest();
    return { hash: scryptSync(password, salt, 32, { N: 2 ** 11 }).toString("hex") };
  }
}

if (isMain(import.meta)) await new HashWorker().run({ signals: true });
