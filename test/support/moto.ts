/** moto on this machine for the time of a test: what speaks EC2's API and keeps what it is told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export interface Moto extends AsyncDisposable {
  readonly url: string;
}

/** Starts one on a free port, with nothing in it but what each account has: default networks, and images that anybody may use. */
export async function moto(): Promise<Moto> {
  const child = spawn(resolve(import.meta.dirname, '../peers/moto.sh'), ['serve', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  const url = await new Promise<string>((found, failed) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-4000);
      const [, address] = /Running on (http:\/\/[0-9.:]+)/.exec(said) ?? [];
      if (address !== undefined) found(address);
    });
    child.once('exit', () => {
      failed(new Error(`moto does not start: ${said}`));
    });
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}
