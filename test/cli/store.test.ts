import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registryUseCases } from '../../src/compose/registry-use-cases.ts';
import { loadSpec } from '../../src/inventory/load-spec.ts';
import type { Secret } from '../../src/model/secret.ts';
import { cli } from './support.ts';

const SPEC = `# ours
apiVersion: stratos/v1
iaas: { lab: { kind: local } }
partitions: { web: { placement: [{ iaas: lab }] } }
cartridges:
  # the shop
  php: { image: php:8.2, partition: web }
`;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-'));
  await writeFile(join(directory, 'stratos.yaml'), SPEC);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (args: readonly string[], input?: string) =>
  cli(['store', ...args], {
    use: registryUseCases,
    deps: { directory, loadSpec: () => loadSpec(directory), env: { HOME: directory, DOCKER_CONFIG: directory } },
    ...(input !== undefined && { input }),
  });
const spec = () => readFile(join(directory, 'stratos.yaml'), 'utf8');

describe('stratos store', () => {
  it('add writes a store below what is there, and makes it the default', async () => {
    const { code, stdout } = await run(['add', 'hub', 'https://registry.example:5000', '--ca', 'ca.crt', '--default']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'added hub\nnext: stratos store login hub\n' });
    expect(await spec()).toBe(`${SPEC}stores:
  hub: { kind: oci, url: https://registry.example:5000, ca: ca.crt }
store: hub
`);
    await run(['add', 'shelf', './images']);
    expect(await spec()).toContain('  shelf: { kind: directory, path: ./images }\n');
    const { stdout: rows } = await run(['ls']);
    expect(
      rows
        .trim()
        .split('\n')
        .map((row) => row.trim().split(/ {2,}/)),
    ).toEqual([
      ['NAME', 'KIND', 'PLACE', 'DEFAULT'],
      ['(this machine)', 'directory', join(directory, '.stratos/store'), '-'],
      ['hub', 'oci', 'https://registry.example:5000', 'yes'],
      ['shelf', 'directory', join(directory, 'images'), '-'],
    ]);
  });

  it('add keeps what store: says already', async () => {
    await writeFile(join(directory, 'stratos.yaml'), `${SPEC}store: { path: /srv/images } # big\n`);
    await run(['add', 'hub', 'registry.example', '--default']);
    expect(await spec()).toContain('store: { path: /srv/images, default: hub } # big\n');
  });

  it.each([
    [['add', 'Hub', 'registry.example'], 'its name must be'],
    [['add', 'hub', 'http://registry.example'], 'must be https, or insecure must be true'],
    [['add', 'hub', 'registry.example', '--cert', 'me.cert'], 'stores.hub.cert needs key'],
    [['add', 'hub', 'https://ann:pw@registry.example'], 'must be the address of a registry'],
    [['rm', 'none'], 'Cannot find the store: "none"'],
    [['login', 'none', '-u', 'ann', '--password-stdin'], 'the spec has none of this name: "none"'],
    [['login', 'hub'], 'Cannot ask for the password as this is no terminal'],
    [['login', 'hub', '--password-stdin'], 'no user is named'],
    [['logout', 'none'], 'the spec has none of this name: "none"'],
    [['logout', 'registry.example'], 'Cannot log out as no password is kept: registry.example'],
  ])('%j is refused and changes nothing', async (args, message) => {
    const { code, stderr } = await run(args, 'pw');
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(message);
    expect(await spec()).toBe(SPEC);
  });

  it('add refuses a name that is taken', async () => {
    await run(['add', 'hub', 'registry.example']);
    expect((await run(['add', 'hub', 'other.example'])).stderr).toContain('the name is taken: hub');
  });

  it('add writes who we are, and the spec has whole paths', async () => {
    await run(['add', 'hub', 'registry.example', '--cert', 'me.cert', '--key', 'me.key']);
    expect(await spec()).toContain('hub: { kind: oci, url: registry.example, cert: me.cert, key: me.key }');
    expect((await loadSpec(directory)).stores.hub).toMatchObject({
      client: { cert: join(directory, 'me.cert'), key: join(directory, 'me.key') },
    });
  });

  it('rm takes it out again, not while it is needed', async () => {
    await run(['add', 'hub', 'registry.example', '--default']);
    expect((await run(['rm', 'hub'])).stderr).toContain('store must be a name under stores: "hub"');
    await writeFile(join(directory, 'stratos.yaml'), SPEC);
    await run(['add', 'hub', 'registry.example']);
    expect((await run(['rm', 'hub'])).code).toBe(0);
    expect(Object.keys((await loadSpec(directory)).stores)).toEqual([]);
  });

  it('login asks for the password, and never shows it', async () => {
    const given: string[] = [];
    const loginStore = (_deps: unknown, _name: string, { user, password }: { user: string; password: Secret }) => {
      given.push(user, password.reveal());
      return Promise.resolve('docker-credential-pass');
    };
    const asked = await cli(['store', 'login', 'hub'], {
      use: { loginStore },
      terminal: true,
      answers: ['ann', 'pa ss'],
    });
    expect(asked.stdout).toBe('logged in to hub as ann; the password is kept by docker-credential-pass\n');
    const piped = await cli(['store', 'login', 'hub', '-u', 'bob', '--password-stdin'], {
      use: { loginStore },
      input: 'from a file \n',
    });
    expect(given).toEqual(['ann', 'pa ss', 'bob', 'from a file ']);
    expect(asked.stdout + asked.stderr + piped.stdout + piped.stderr).not.toMatch(/pa ss|from a file/);
  });

  it('logout takes the password away, and says who has it still', async () => {
    await run(['add', 'hub', 'https://registry.example:5000']);
    const auths = { 'registry.example:5000': { auth: 'YTpi' }, other: { auth: 'YTpi' } };
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths }));
    const podman = join(directory, '.config/containers');
    await mkdir(podman, { recursive: true });
    await writeFile(join(podman, 'auth.json'), JSON.stringify({ auths }));
    const { code, stdout } = await run(['logout', 'hub']);
    const file = join(directory, 'config.json');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `logged out of hub; the password is gone from ${file}\n! ${join(podman, 'auth.json')} still has a password for it\n`,
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ auths: { other: auths.other } });
    const { code: again, stderr } = await run(['logout', 'registry.example:5000']);
    expect(again).toBe(1);
    expect(stderr).toContain('Cannot log out as the password is kept by another program');
    expect(stderr).toContain(`podman logout --authfile ${join(podman, 'auth.json')} registry.example:5000`);
  });
});
