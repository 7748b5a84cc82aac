/** Images by way of a real registry: pushed, seen by other tools, made by other tools, pulled when they are needed, and pinned. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerRegistry } from '../support/docker-registry.ts';
import type { DockerRegistry } from '../support/docker-registry.ts';
import { getPage, STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';

const run = promisify(execFile);
const STRATOS = resolve(import.meta.dirname, '../../bin/stratos');
const USER = { name: 'ann', password: 'it’s "s:cret" $(x)' };
let server: DockerRegistry;
let project: TestProject;
let directory: string;
const localStore = (): string => join(project.directory, '.stratos/store');
const json = async <T>(...args: readonly string[]): Promise<T> =>
  JSON.parse((await project.must(...args, '-o', 'json')).stdout) as T;
interface Transfer {
  readonly digest: string;
  readonly unchanged: boolean;
  readonly bytes: number;
  readonly blobs: { readonly present: number; readonly mounted: number; readonly sent: number };
}
/** Where the subscription answers. */
const shop = async (): Promise<string> => {
  const text = await readFile(join(project.directory, 'inventory.yaml'), 'utf8');
  return `http://${/"address":"([0-9.]+)"/.exec(text)?.[1] ?? 'nowhere'}:8080/`;
};
/** skopeo, with the registry's certificate and our password. */
const skopeo = async (...args: readonly string[]): Promise<string> =>
  (await run('skopeo', ['--insecure-policy', ...args, '--authfile', join(directory, 'config.json')])).stdout;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registries-'));
  process.env.DOCKER_CONFIG = directory;
  server = await dockerRegistry({ tls: true, user: USER });
  await copyFile(server.ca, join(directory, 'ca.crt'));
  project = await testProject(
    `${staticSpec({ vms: [1, 1], processesPerVm: 4, cpu: 2 })}subscriptions:
  shop: { cartridge: static, processes: { min: 1, max: 1 }, port: 8080 }
`,
  );
  await project.must('cartridge', 'build', STATIC_CARTRIDGE);
});
afterAll(async () => {
  await project.dispose();
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
  delete process.env.DOCKER_CONFIG;
});

test('a store is added to the spec, and a password is tried and kept', async () => {
  await project.must('store', 'add', 'hub', server.url, '--ca', join(directory, 'ca.crt'), '--default');
  expect((await project.stratos('cartridge', 'push', 'static:1')).stderr).toContain('stratos store login hub');
  const login = (password: string) => {
    const file = join(directory, 'password');
    const line = 'exec "$0" --dir "$1" store login hub --user ann --password-stdin <"$2"';
    return writeFile(file, password).then(() => run('sh', ['-c', line, STRATOS, project.directory, file]));
  };
  await expect(login('wrong')).rejects.toThrow(/it wants to know who asks/);
  await expect(readFile(join(directory, 'config.json'))).rejects.toThrow();
  expect((await login(USER.password)).stdout).toContain('logged in to hub as ann');
  expect((await project.must('doctor')).stdout).toMatch(/store hub\s.*usable from here/);
});

test('an image is pushed once, and other tools take it', async () => {
  const planned = await json<Transfer>('cartridge', 'push', 'static:1', '--dry-run');
  expect(planned.blobs.sent).toBeGreaterThan(0);
  const first = await json<Transfer>('cartridge', 'push', 'static:1', 'hub:team/static:1');
  expect(first).toMatchObject({ unchanged: false, bytes: planned.bytes });
  const started = performance.now();
  expect(await json<Transfer>('cartridge', 'push', 'static:1', 'hub:team/static:1')).toMatchObject({
    unchanged: true,
    bytes: 0,
    digest: first.digest,
  });
  expect(performance.now() - started).toBeLessThan(3000);
  const seen = JSON.parse(await skopeo('inspect', '--tls-verify=false', `docker://${server.host}/team/static:1`)) as {
    Digest: string;
  };
  expect(seen.Digest).toBe(first.digest);
  // Another repository gets it without a byte on the way.
  const copied = await json<Transfer>('cartridge', 'copy', 'hub:team/static:1', 'hub:other/static:1');
  expect(copied).toMatchObject({ bytes: 0, blobs: { sent: 0 }, digest: first.digest });
});

test('an image is signed, checked, listed and shown where it is, without a copy here', async () => {
  const key = join(directory, 'release');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ann', '-f', key]);
  await writeFile(`${key}.signers`, `ann ${await readFile(`${key}.pub`, 'utf8')}`);
  const check = ['cartridge', 'verify', 'hub:other/static:1', '--allowed-signers', `${key}.signers`];
  expect((await project.stratos(...check)).stderr).toContain('it is not signed');
  const signed = await project.must('cartridge', 'sign', 'hub:other/static:1', '--key', key);
  expect(signed.stdout).toMatch(/^signed hub:other\/static:1 at hub \(/);
  expect((await project.must(...check)).stdout).toContain('signed by ann, key SHA256:');
  await project.must('cartridge', 'sbom', 'hub:other/static:1', '--attach');
  const { digest, attached } = await json<{ digest: string; attached: { artifactType: string }[] }>(
    ...['cartridge', 'show', 'hub:other/static:1'],
  );
  expect(attached.map(({ artifactType }) => artifactType).sort()).toEqual([
    'application/vnd.cyclonedx+json',
    'application/vnd.stratos.cartridge.signature.v1',
  ]);
  // By host and pin; this machine has the same image, which nobody signed.
  const pin = `${server.host}/other/static@${digest}`;
  expect((await project.must('cartridge', 'show', pin, '--remote')).stdout).toContain('vnd.cyclonedx');
  expect((await project.must('cartridge', 'show', pin)).stdout).not.toContain('vnd.cyclonedx');
  const names = (await project.must('cartridge', 'ls')).stdout;
  expect(names).not.toContain('other/static');
});

test('an image made here is built on by buildah, and what that makes is taken here', async () => {
  const policy = join(directory, 'policy.json');
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const storage = [
    '--root',
    join(directory, 'buildah'),
    '--runroot',
    join(directory, 'run'),
    '--storage-driver',
    'vfs',
  ];
  const buildah = (verb: string, ...args: readonly string[]) => run('buildah', [...storage, verb, ...args]);
  const login = ['--tls-verify=false', '--authfile', join(directory, 'config.json'), '--signature-policy', policy];
  await buildah('from', '-q', ...login, '--name', 'made', `docker://${server.host}/team/static:1`);
  await buildah('run', '--isolation', 'chroot', 'made', '--', '/bin/sh', '-c', 'echo by buildah >/hello');
  await buildah('commit', '-q', ...login, 'made', `docker://${server.host}/buildah/static:1`);
  await buildah('rm', 'made');
  await json<Transfer>('cartridge', 'pull', 'hub:buildah/static:1');
  const changes = (await project.must('cartridge', 'diff', 'static:1', 'hub:buildah/static:1')).stdout;
  expect(changes).toMatch(/^\+ .*\bhello\b/m);
});

test('an image that another tool pushed is pulled when it is needed, pinned and run', async () => {
  // Made without us, with layers compressed by gzip, and pushed with Docker's own media types.
  const layout = join(directory, 'layout');
  const image = `${layout}:static`;
  const umoci = (...args: readonly string[]) => run('umoci', args);
  await umoci('init', '--layout', layout);
  await umoci('new', '--image', image);
  for (const path of ['/bin/busybox', '/bin/sh']) await umoci('insert', '--image', image, '/bin/busybox', path);
  const serve = ['/bin/busybox', 'httpd', '-f', '-p', '80', '-h', '/www'];
  const words = serve.flatMap((word) => ['--config.entrypoint', word]);
  await umoci('insert', '--image', image, join(STATIC_CARTRIDGE, 'www'), '/www');
  await umoci('config', '--image', image, ...words);
  const target = `docker://${server.host}/skopeo/static:1`;
  await skopeo('copy', '--dest-tls-verify=false', '--format=v2s2', `oci:${image}`, target);
  await rm(localStore(), { recursive: true });
  await project.editSpec('image: static:1', 'image: hub:skopeo/static:1');
  const plan = await project.must('reconcile', '--dry-run');
  expect(plan.stdout).toContain('shop-1');
  await expect(readFile(join(localStore(), 'index.json'))).rejects.toThrow();
  await project.must('reconcile');
  expect(await getPage(await shop())).toBe(200);
  const inventory = await readFile(join(project.directory, 'inventory.yaml'), 'utf8');
  expect(inventory).toMatch(/images:\n {2}- \{"name":"hub:skopeo\/static:1","digest":"sha256:[0-9a-f]{64}"\}/);
});

test('a tag that moves is followed by pull alone', async () => {
  const before = await json<Transfer>('cartridge', 'copy', 'hub:skopeo/static:1', 'hub:skopeo/static:old');
  await json<Transfer>('cartridge', 'copy', 'hub:team/static:1', 'hub:skopeo/static:1');
  await rm(localStore(), { recursive: true });
  expect((await project.must('reconcile')).stdout).toContain('nothing to do');
  const pulled = await json<Transfer>('cartridge', 'pull', 'hub:skopeo/static:1');
  expect(pulled.digest).not.toBe(before.digest);
  expect((await project.must('reconcile', '--dry-run')).stdout).not.toContain('nothing to do');
});

test('a rollback pulls what this machine has lost, and is refused where nobody has it', async () => {
  await project.must('reconcile');
  const { revisions } = await json<{ revisions: { number: number; image: string; reference: string }[] }>(
    ...['rollout', 'history', 'shop'],
  );
  const [now, before] = revisions.filter(({ reference }) => reference === 'hub:skopeo/static:1');
  if (!now || !before) throw new Error('there are not two revisions of it');
  const back = ['rollback', 'shop', '--to', String(before.number)];
  await rm(localStore(), { recursive: true });
  expect((await project.must(...back, '--dry-run')).stdout).toContain('shop-');
  await expect(readFile(join(localStore(), 'index.json'))).rejects.toThrow();
  await project.must(...back);
  expect(await getPage(await shop())).toBe(200);
  expect((await json<{ digest: string }>('cartridge', 'show', `hub:skopeo/static@${before.image}`)).digest).toBe(
    before.image,
  );
  // The name that the spec has is still that of the other one.
  await project.must('rollout', 'shop');
  expect((await json<{ digest: string }>('cartridge', 'show', 'hub:skopeo/static:1')).digest).toBe(now.image);

  await rm(localStore(), { recursive: true });
  await project.must('cartridge', 'rm', '--remote', `hub:skopeo/static@${before.image}`);
  const { code, stderr } = await project.stratos(...back);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /as the store has no image hub:skopeo\/static:1 \(sha256:\w+\); nor can it be pulled: .*no such thing/,
  );
  await project.must('cartridge', 'pull', 'hub:skopeo/static:1');
});

test('names are listed and removed at the registry', async () => {
  expect((await project.must('cartridge', 'search', 'team')).stdout).toContain('hub:team/static:1');
  const needed = await project.stratos('cartridge', 'rm', '--remote', 'hub:skopeo/static:1');
  expect(needed.stderr).toContain('cartridges of the spec need it: static');
  await project.must('cartridge', 'tag', 'hub:team/static:1', 'hub:team/static:2');
  await project.must('cartridge', 'rm', '--remote', 'hub:team/static:1');
  const { stdout } = await project.must('cartridge', 'search', 'team/', '-o', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ images: [{ name: 'hub:team/static:2' }] });
});

test('a password is taken away again', async () => {
  expect((await project.must('store', 'logout', 'hub')).stdout).toContain(join(directory, 'config.json'));
  const { code, stderr } = await project.stratos('cartridge', 'search', 'team/');
  expect(code).toBe(1);
  expect(stderr).toContain('stratos store login hub');
});

test('a registry that is down holds up nothing that runs', async () => {
  await server[Symbol.asyncDispose]();
  expect((await project.must('reconcile')).code).toBe(0);
  expect(await getPage(await shop())).toBe(200);
  const { code, stderr } = await project.stratos('cartridge', 'pull', 'hub:team/static:2');
  expect(code).toBe(1);
  expect(stderr).toContain('as nobody listens there');
});
