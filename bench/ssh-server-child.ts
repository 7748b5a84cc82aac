/**
 * Many VMs in one process: SSH servers on ports of the loopback that answer a batch with recorded outputs, and listeners that
 * accept a connection and never say a word. Told all by a message, tells the ports by another, ends when its parent does.
 */
import { createServer, type AddressInfo } from 'node:net';
import ssh2 from 'ssh2';

export interface ServersRequest {
  /** Private host key of all servers, in OpenSSH's form. */
  readonly hostKey: string;
  /** For each server whether it is dead. */
  readonly dead: readonly boolean[];
  /** Standard output of the steps of each batch. */
  readonly outputs: readonly string[];
}

process.once('message', (request: ServersRequest) => {
  void Promise.all(request.dead.map((isDead) => (isDead ? deadServer() : liveServer(request)))).then((ports) => {
    process.send?.(ports);
  });
});
process.once('disconnect', () => process.exit());

async function deadServer(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function liveServer({ hostKey, outputs }: ServersRequest): Promise<number> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      if (context.method === 'publickey') context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (acceptExec) => {
        const channel = acceptExec();
        let program = '';
        channel.on('error', () => undefined);
        channel.on('data', (chunk: Buffer) => {
          program += chunk.toString('latin1');
          // The program is one group in braces; see src/shell/render-batch.ts.
          if (!program.endsWith('stratos_finish\n}\n')) return;
          const nonce = /^set -- (\w+)$/m.exec(program)?.[1] ?? '';
          const ends = outputs.map((_, step) => `${nonce} ${String(step)} 0\n`);
          const steps = outputs.map((output, step) => output + (ends[step] ?? ''));
          channel.stderr.write(`${nonce} start 0\n${ends.join('')}`);
          channel.write(`${nonce} start 0\n${steps.join('')}${nonce} end 0\n`);
          channel.exit(0);
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
