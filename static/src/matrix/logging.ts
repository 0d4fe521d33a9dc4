/** The SDK logs every step, with user ids and addresses: keep only what points at a fault. */

import { type Logger, logger as shared } from "matrix-js-sdk/lib/logger";

const silent = () => {};

/** For clients of ours. Its warnings are the SDK's own business; errors are worth a look. */
export const quiet: Logger = {
  getChild: () => quiet,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: (...message) => console.warn(...message),
};

/** For the parts of the SDK that log past their client, the calls among them. */
export function quietModules() {
  const adjustable = shared as unknown as { setLevel(level: number, persist: boolean): void };
  adjustable.setLevel(5, false); // 5 is silent
}
