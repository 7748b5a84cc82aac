/** Machines that are processes, asked from the operator's machine: where no gateway leads to them, nobody else can. */
import { interrupted } from '../concurrency/interrupted.ts';
import type { HealthAddress } from '../gateway/outside.ts';
import { whyNoAnswer } from '../host/answers.ts';
import type { VmRecord } from '../model/inventory.ts';
import type { Millis } from '../model/quantity.ts';
import type { CartridgeSpec } from '../model/spec.ts';

/** Pause between two tries. */
const PAUSE = 200;

/** Where a process that is this VM answers for its health; undefined: its machine has no address yet, or nothing listens in it. */
export function healthAddressOf({ health, ports }: CartridgeSpec, { endpoint }: VmRecord): HealthAddress | undefined {
  const port = (ports.find(({ name }) => name === health.port) ?? ports[0])?.port;
  if (!endpoint || port === undefined) return undefined;
  const { path, timeout } = health;
  return { address: endpoint.address, port, timeout, ...(path === undefined ? {} : { path }) };
}

/** Asks again and again for up to `longest`; undefined as soon as it answers, else what was met instead. @throws InterruptedError */
export async function whyNoAnswerIn(
  longest: Millis,
  { address, port, path, timeout }: HealthAddress,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = performance.now() + longest;
  for (;;) {
    if (signal.aborted) throw interrupted(signal);
    const why = await whyNoAnswer(address, port, path, timeout);
    if (why === undefined) return undefined;
    if (performance.now() >= end) return `${why} from ${address}:${port}${path ?? ''} in ${longest / 1000} s`;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
