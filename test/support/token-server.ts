/** A token server for docker-registry: signs what a user may do (distribution, "Token Authentication Implementation"). */
import { createSign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  /** Scopes of each request that was answered. */
  readonly asked: (readonly string[])[];
  /** Given by the registry that is to believe the tokens. */
  signer: { readonly key: string; readonly certificate: string } | undefined;
  /** Seconds that a token lasts. */
  life: number;
}

export interface TokenUser {
  readonly name: string;
  readonly password: string;
  /** Repositories it may write to; all may be read by everybody who has a name. */
  readonly writes: RegExp;
  /** A refresh token that is as good as the password. */
  readonly refresh?: string;
}

/** Starts one. */
export async function tokenServer(user: TokenUser): Promise<TokenServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://here');
    const answer = (body: string): void => {
      const form = new URLSearchParams(body);
      const basic = Buffer.from(request.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
      const known =
        basic === `${user.name}:${user.password}` ||
        (user.refresh !== undefined && form.get('refresh_token') === user.refresh);
      const scopes =
        request.method === 'POST' ? (form.get('scope') ?? '').split(' ') : url.searchParams.getAll('scope');
      if (!known || !self.signer) {
        response.writeHead(401).end('{}');
        return;
      }
      self.asked.push(scopes);
      const token = sign(scopes, user, self.signer, self.life);
      response.end(JSON.stringify({ token, access_token: token, expires_in: self.life }));
    };
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      answer(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const self: TokenServer = {
    realm: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/token`,
    asked: [],
    signer: undefined,
    life: 300,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return self;
}

function sign(
  scopes: readonly string[],
  user: TokenUser,
  { key, certificate }: { readonly key: string; readonly certificate: string },
  life: number,
): string {
  const access = scopes.flatMap((scope) => {
    const [type, name = '', actions = ''] = scope.split(':');
    if (type === 'registry') return [{ type, name, actions: ['*'] }];
    const allowed = actions.split(',').filter((action) => action === 'pull' || user.writes.test(name));
    return [{ type, name, actions: allowed }];
  });
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const x5c = [certificate.replaceAll(/-----[^-]+-----|\s/g, '')];
  const claims = {
    iss: 'test',
    sub: user.name,
    aud: 'test',
    nbf: now - 60,
    iat: now,
    exp: now + life,
    jti: 'x',
    access,
  };
  const text = `${part({ typ: 'JWT', alg: 'RS256', x5c })}.${part(claims)}`;
  return `${text}.${createSign('sha256').update(text).sign(key).toString('base64url')}`;
}
