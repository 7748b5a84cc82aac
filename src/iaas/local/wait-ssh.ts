/** Waits for a booting VM. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../../model/errors.ts';

/**
 * Resolves to true as soon as an SSH server greets at the address, to false when `timeout` ms are over.
 * Asks often and gives each attempt little time: a lost first packet would otherwise cost the kernel's second.
 * @throws InterruptedError when `signal` aborts
 */
export async function waitForSsh(
  address: string,
  port: number,
  timeout: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (performance.now() < deadline) {
    if (signal?.aborted === true) throw new InterruptedError(`Cannot wait for ${address} as the run was interrupted`);
    if (await greets(address, port)) return true;
    await sleep(20);
  }
  return false;
}

function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let connected = false;
    const timer = setTimeout(() => {
      if (!connected) end(false);
    }, 150);
    // A loaded machine may accept long before the server speaks.
    const late = setTimeout(() => {
      end(false);
    }, 3000);
    const end = (result: boolean): void => {
      clearTimeout(timer);
      clearTimeout(late);
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => {
      connected = true;
    });
    socket.once('data', (data) => {
      end(data.subarray(0, 4).toString('latin1') === 'SSH-');
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('close', () => {
      end(false);
    });
  });
}
