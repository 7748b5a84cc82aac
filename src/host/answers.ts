/** Whether a machine answers over the network, asked from this one. */
import { get } from 'node:http';
import { connect } from 'node:net';
import type { Millis } from '../model/quantity.ts';

/** Undefined when it answers 2xx or 3xx, or accepts connections where there is no path; else what was met instead. Never rejects. */
export function whyNoAnswer(
  address: string,
  port: number,
  path: string | undefined,
  timeout: Millis,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (path === undefined) {
      const socket = connect({ host: address, port });
      const end = (why?: string): void => {
        socket.destroy();
        resolve(why);
      };
      socket.setTimeout(timeout, () => {
        end('no connection');
      });
      socket.once('connect', () => {
        end();
      });
      socket.once('error', () => {
        end('no connection');
      });
      return;
    }
    // No proxy and no connection that is kept: this is the machine itself, now.
    const request = get({ host: address, port, path, timeout, agent: false, headers: { 'user-agent': 'stratos' } });
    request.once('response', (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `status ${statusCode}`);
      request.destroy();
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => {
      resolve('no answer');
    });
    request.once('close', () => {
      resolve('no answer');
    });
  });
}
