/** A line of a stated rate between the operator and the VMs of a site; VMs reach each other as fast as before. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Holds what this machine sends over the site's own bridge at the rate, as `tc` writes it, while `work` runs. What VMs send to each
 * other goes from port to port and does not pass the bridge's own queue.
 */
export async function overSlowLine<T>(bridge: string, rate: string, work: () => Promise<T>): Promise<T> {
  await run('tc', ['qdisc', 'add', 'dev', bridge, 'root', 'tbf', 'rate', rate, 'burst', '256kb', 'latency', '50ms']);
  try {
    return await work();
  } finally {
    await run('tc', ['qdisc', 'del', 'dev', bridge, 'root']);
  }
}
