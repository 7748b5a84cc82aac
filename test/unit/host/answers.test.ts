import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoAnswer } from '../../../src/host/answers.ts';
import { millis } from '../../../src/model/quantity.ts';

let server: Server;
let port = 0;
const ask = (path: string | undefined, at = port) => whyNoAnswer('127.0.0.1', at, path, millis(300));

beforeAll(async () => {
  server = createServer(({ url }, response) => {
    if (url === '/never') return;
    response.writeHead(url === '/' ? 200 : url === '/moved' ? 302 : 503).end('x');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('whyNoAnswer', () => {
  it('is silent where a path answers 2xx or 3xx, or the port accepts connections', async () => {
    expect(await ask('/')).toBeUndefined();
    expect(await ask('/moved')).toBeUndefined();
    expect(await ask(undefined)).toBeUndefined();
  });

  it('says what was met instead', async () => {
    expect(await ask('/down')).toBe('status 503');
    expect(await ask('/never')).toBe('no answer');
    // Nothing listens on port 1 of the loopback.
    expect(await ask('/', 1)).toBe('no answer');
    expect(await ask(undefined, 1)).toBe('no connection');
  });
});
