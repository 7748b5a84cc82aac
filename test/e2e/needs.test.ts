/** What one subscription needs of others, on real VMs: the order of a start, addresses and outputs in the environment, and what happens when it is lost. */
import { writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finishedActions, plannedKinds, until } from '../support/fleet.ts';
import { STATIC_CARTRIDGE, testProject, type TestProject } from '../support/project.ts';

/** A line in, a line out, for who knows the token: what a connection to BusyBox's nc is given to. */
const DATABASE = `read -r token question
[ "$token" = "$TOKEN" ] && echo "$NAME answers $question" || echo 'who are you?'`;
/** Asks both databases and shows what they say; not healthy before both answer. */
const FRONT = `while read -r line; do [ "\${line%?}" ] || break; done
ask() { printf '%s hello\\n' "$3" | nc -w 2 "$1" "$2"; }
text="$(ask "$DB_HOST" "$DB_PORT" "$DB_TOKEN"); $(ask "$CACHE_HOST" "$CACHE_PORT" "$CACHE_TOKEN"); $DB_URL"
case $text in
*answers*answers*) status='200 OK' ;;
*) status='503 Service Unavailable' ;;
esac
printf 'HTTP/1.1 %s\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' "$status" "\${#text}" "$text"`;

const nc = (port: number, script: string): string =>
  JSON.stringify(['/bin/busybox', 'nc', '-ll', '-p', String(port), '-e', '/bin/busybox', 'sh', '-c', script]);

const SPEC = `
policies:
  partition:
    one: { vms: { min: 1, max: 1 }, vm: { cpu: 2, memory: 1Gi } }
partitions:
  data: { policy: one, placement: [{ iaas: lab }] }
  web: { policy: one, placement: [{ iaas: lab }] }
cartridges:
  sql: &sql
    image: static:1
    partition: data
    ports: { sql: 5432 }
    command: ${nc(5432, DATABASE)}
    resources: { memory: 32Mi, cpu: 0.1 }
    env: { NAME: main, TOKEN: { fromFile: token } }
    outputs: { token: { env: TOKEN }, name: { env: NAME } }
  memory: { <<: *sql, partition: web }
  front:
    image: static:1
    partition: web
    ports: { http: 80 }
    health: { path: /, startup: 20s }
    command: ${nc(80, FRONT)}
    resources: { memory: 32Mi, cpu: 0.2 }
subscriptions:
  app:
    cartridge: front
    port: 8080
    needs: [{ subscription: store, as: DB, outputs: [token] }, cache]
  cache: { cartridge: memory, port: 5433, env: { NAME: near } }
  store: { cartridge: sql, port: 5432 }
`;

let project: TestProject;
beforeAll(async () => {
  project = await testProject(SPEC);
  await writeFile(`${project.directory}/token`, 'sesame-17\n');
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
}, 300_000);
afterAll(() => project.dispose());

const page = async (): Promise<string> => {
  const { subscriptions } = await project.status();
  const [url = ''] = subscriptions.find(({ alias }) => alias === 'app')?.urls ?? [];
  return new Promise((resolve) => {
    get(url, { timeout: 5000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.on('end', () => {
        resolve(`${String(response.statusCode)} ${text}`);
      });
    }).on('error', (error) => {
      resolve(error.message);
    });
  });
};
const processes = async (): Promise<readonly string[]> => {
  const { subscriptions } = await project.status();
  return subscriptions.flatMap((each) => each.processes.map(({ name }) => name)).sort();
};

describe('reconcile', () => {
  test('starts in one run each after what it needs, in whatever partition, and hands over address and secret', async () => {
    await project.must('reconcile');
    const expected = '200 main answers hello; near answers hello; tcp://10.66.0.1:5432';
    await until('the page has both answers', async () => (await page()) === expected);
    const order = await finishedActions(project);
    const app = order.indexOf('process.create:app-1');
    for (const need of ['store-1', 'cache-1']) {
      const at = order.indexOf(`process.create:${need}`);
      expect([at >= 0, at < app]).toEqual([true, true]);
    }
    expect(await plannedKinds(project)).toEqual([]);
  }, 240_000);

  test('keeps what is handed over as a secret to itself', async () => {
    const seen = await project.onVm('web-1', 'ps ax; cat /var/lib/stratos/processes/app-1/config');
    expect(seen).not.toContain('sesame-17');
    for (const command of [
      ['inventory', 'ls', '-o', 'json'],
      ['plan', '-o', 'json'],
      ['events', '-o', 'json'],
    ])
      expect((await project.must(...command)).stdout).not.toContain('sesame-17');
  });

  test('replaces whoever is told something else', async () => {
    const before = await processes();
    await writeFile(`${project.directory}/token`, 'sesame-18\n');
    await project.must('reconcile');
    await until('the page has its answers', async () => (await page()).startsWith('200 main answers'));
    expect((await processes()).filter((name) => before.includes(name))).toEqual([]);
  }, 120_000);

  test('lets what is lost come back, and leaves those alone that need it', async () => {
    const before = await processes();
    const [store = ''] = before.filter((name) => name.startsWith('store-'));
    await project.onVm('data-1', `systemctl stop stratos-process@${store}`);
    await until('the page misses its database', async () => !(await page()).startsWith('200'));
    await project.must('reconcile');
    await until('the page has it again', async () => (await page()).startsWith('200 main answers'));
    expect(await processes()).toEqual(before);
  }, 120_000);

  test('has as many as the ratio says of what they need, and ends those that say so while it is lost', async () => {
    const apps = async () => (await processes()).filter((name) => name.startsWith('app-'));
    await project.editSpec('outputs: [token] }', 'outputs: [token], whenLost: stop, scale: { ratio: 2 } }');
    await project.editSpec('    port: 8080\n', '    port: 8080\n    processes: { min: 1, max: 4 }\n');
    await project.must('reconcile');
    expect(await apps()).toHaveLength(2);
    const [store = ''] = (await processes()).filter((name) => name.startsWith('store-'));
    await project.onVm('data-1', `systemctl stop stratos-process@${store}`);
    await project.must('reconcile');
    expect(await apps()).toEqual([]);
    await project.must('reconcile');
    expect(await apps()).toHaveLength(2);
    await until('the page has its answers', async () => (await page()).startsWith('200 main answers'));
  }, 120_000);

  test('refuses to unsubscribe what is needed, and removes in reverse order', async () => {
    const refused = await project.stratos('unsubscribe', 'store');
    expect([refused.code, refused.stderr]).toEqual([64, expect.stringContaining('as app needs it')]);
    for (const alias of ['app', 'store', 'cache']) await project.must('unsubscribe', alias);
    await project.must('reconcile');
    const order = await finishedActions(project);
    const at = (alias: string): number => order.findIndex((id) => id.startsWith(`process.remove:${alias}-`));
    expect([at('app') >= 0, at('app') < at('store'), at('app') < at('cache')]).toEqual([true, true, true]);
    expect(await processes()).toEqual([]);
  }, 120_000);
});
