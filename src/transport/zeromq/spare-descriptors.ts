import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

/** File descriptors that must be free before an endpoint is bound again: one is used for looking at interfaces, one for the socket. */
const SPARE_DESCRIPTORS = 8;

/** libzmq ends the process when it finds no file descriptor while it binds: so there must be some to spare. */
export function hasSpareDescriptors(): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < SPARE_DESCRIPTORS) opened.push(openSync(devNull, "r"));
    return true;
  } catch {
    return false;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
