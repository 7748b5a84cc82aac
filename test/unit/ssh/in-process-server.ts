/** An SSH server inside the test: a complete machine as far as a client can tell, with faults on demand. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import ssh2 from 'ssh2';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { generateHostKey } from '../../../src/ssh/key-pair.ts';
import { parsePublicKey } from '../../../src/ssh/host-keys.ts';

export interface InProcessServer {
  readonly endpoint: Endpoint;
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** Commands asked for so far. */
  readonly commands: () => number;
  /** Commands that run now. */
  readonly running: () => number;
  /** Kills what runs, and waits until that is done. */
  readonly endCommands: () => Promise<void>;
  /** Ends all connections without a goodbye; the server goes on. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export interface ServerOptions {
  /** The only public key that may log in; default: any. */
  readonly authorizedKey?: string;
  /** Handles a command; default: runs it by sh on this machine, in a session of its own as sshd does. */
  readonly onExec?: (command: string, channel: ServerChannel, socket: Socket) => void;
  /** Whether a command gets what the client sends it; asked for each piece. Default: yes. */
  readonly isHeard?: () => boolean;
  /** Drops this many connections before the handshake, as sshd does beyond MaxStartups. */
  readonly dropFirst?: number;
  readonly port?: number;
}

export async function startServer(options: ServerOptions = {}): Promise<InProcessServer> {
  const hostKey = generateHostKey();
  const sockets = new Set<Socket>();
  const children = new Set<ChildProcess>();
  let connections = 0;
  let commands = 0;
  const authorized = options.authorizedKey === undefined ? undefined : parsePublicKey(options.authorizedKey)?.blob;
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey.reveal()] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      if (context.method !== 'publickey') context.reject(['publickey']);
      else if (authorized && !authorized.equals(context.key.data)) context.reject(['publickey']);
      else context.accept();
    });
    client.on('tcpip', (accept) => void accept());
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (accept, _reject, info) => {
        commands += 1;
        const channel = accept();
        channel.on('error', () => undefined);
        const socket = (client as unknown as { _sock: Socket })._sock;
        if (options.onExec) {
          channel.resume();
          options.onExec(info.command, channel, socket);
        } else {
          const child = runBySh(info.command, channel, options.isHeard ?? (() => true));
          children.add(child);
          child.once('close', () => children.delete(child));
        }
      });
    });
  });
  const inner = (server as unknown as { _srv: { on: (event: string, listener: (socket: Socket) => void) => void } })
    ._srv;
  inner.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket));
    if (connections <= (options.dropFirst ?? 0)) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { address: '127.0.0.1', port, user: 'root', hostKeys: [hostKey.publicKey] },
    connections: () => connections,
    commands: () => commands,
    running: () => children.size,
    async endCommands() {
      await Promise.all(
        [...children].map(async (child) => {
          const closed = once(child, 'close');
          child.kill('SIGKILL');
          await closed;
        }),
      );
    },
    cut,
    async close() {
      cut();
      for (const child of children) child.stdin?.destroy();
      await new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

function runBySh(command: string, channel: ServerChannel, isHeard: () => boolean): ChildProcess {
  const child = spawn('sh', ['-c', command], { detached: true });
  child.stdin.on('error', () => undefined);
  channel.on('data', (chunk: Buffer) => {
    if (isHeard()) child.stdin.write(chunk);
  });
  channel.on('end', () => child.stdin.end());
  channel.on('close', () => child.stdin.destroy());
  child.stdout.on('data', (chunk: Buffer) => channel.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => channel.stderr.write(chunk));
  child.on('close', (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
  return child;
}
