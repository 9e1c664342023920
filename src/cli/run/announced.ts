import { RunFolder } from "../../pipeline/run-folder.ts";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { describeThrown } from "../../protocol/thrown.ts";

/**
 * Lets `zmqpipeline top` find a role while an action lasts.
 *
 * @param address - Where the role answers; `undefined` where it does not.
 * @param line - Told when the role cannot be found, which does not end it.
 */
export async function announced<T>(
  address: string | undefined,
  line: (text: string) => void,
  action: () => Promise<T>,
): Promise<T> {
  let folder: RunFolder | undefined;
  try {
    if (address !== undefined && !address.startsWith("inproc:")) {
      folder = await RunFolder.make();
      await folder.announce(new EndpointAddress(address));
    }
  } catch (error) {
    line(`\`zmqpipeline top\` will not list this process: ${describeThrown(error)}`);
  }
  try {
    return await action();
  } finally {
    await folder?.remove();
  }
}
