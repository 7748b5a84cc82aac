/** One process for several tenants, on a real VM: told apart by host name, and told of each other without a restart. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plannedKinds } from '../support/fleet.ts';
import { STATIC_CARTRIDGE, testProject, type TestProject } from '../support/project.ts';

/** Says which tenant a request is for, who it knows, and how often it was told: what a connection to BusyBox's nc is given to. */
const WIKI = `tenant=nobody
while read -r name value; do
  [ "\${name%?}" ] || break
  case $name in [Xx]-[Tt]enant:) tenant=\${value%?} ;; esac
done
grep -q "\\"$tenant\\"" /etc/stratos/tenants.json && known=yes || known=no
text="$tenant $known $(cat /tmp/told 2>/dev/null)"
printf 'HTTP/1.1 200 OK\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' "\${#text}" "$text"`;

const SPEC = `
partitions:
  wikis: { policy: { vms: { min: 1, max: 3 }, vm: { cpu: 1, memory: 512Mi } }, placement: [{ iaas: lab }] }
cartridges:
  wiki:
    image: static:1
    partition: wikis
    ports: { http: 80 }
    command: ${JSON.stringify(['/bin/busybox', 'nc', '-ll', '-p', '80', '-e', '/bin/busybox', 'sh', '-c', WIKI])}
    resources: { memory: 32Mi, cpu: 0.2 }
    multiTenant: true
    tenants: { command: [/bin/busybox, sh, -c, 'printf + >> /tmp/told'] }
subscriptions:
  wiki:
    cartridge: wiki
    processes: 1
    port: 8080
    # signed up in spring
    tenants:
      acme: { hosts: [acme.example.org] }
      umbrella: { hosts: [umbrella.example.org, www.umbrella.example.org] }
`;

let project: TestProject;
let address: string;
beforeAll(async () => {
  project = await testProject(SPEC);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
  await project.must('reconcile');
  address = (await project.status()).partitions[0]?.vms[0]?.address ?? '';
}, 300_000);
afterAll(() => project.dispose());

const ask = (host: string, headers: Readonly<Record<string, string>> = {}, port = 80): Promise<string> =>
  new Promise((resolve) => {
    const options = { host: address, port, agent: false, headers: { Host: host, ...headers }, timeout: 5000 };
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.on('end', () => {
        resolve(`${String(response.statusCode)} ${text.trim()}`);
      });
    });
    asked.on('error', (error) => {
      resolve(error.message);
    });
    asked.end();
  });
const processes = async () => (await project.status()).subscriptions[0]?.processes.map(({ name }) => name);

test('one process answers both by their host names, whatever a client says it is', async () => {
  expect(await ask('acme.example.org')).toBe('200 acme yes');
  expect(await ask('WWW.Umbrella.example.org')).toBe('200 umbrella yes');
  expect(await ask('acme.example.org', { 'X-Tenant': 'umbrella' })).toBe('200 acme yes');
  expect(await ask('elsewhere.example.org', { 'X-Tenant': 'umbrella' }, 8080)).toBe('200 nobody no');
  expect(await ask('elsewhere.example.org')).toMatch(/^404/);
  expect(await processes()).toEqual(['wiki-1']);
});

test('each process has a VM for itself', async () => {
  await project.must('scale', 'wiki', '--min', '2', '--max', '2', '--reconcile');
  const { partitions } = await project.status();
  expect(partitions[0]?.vms.map(({ processes: count }) => count)).toEqual([1, 1]);
  expect(await ask('acme.example.org')).toBe('200 acme yes');
  await project.must('scale', 'wiki', '--min', '1', '--max', '1', '--reconcile');
}, 120_000);

test('a third is let in, and out again, without a restart and without a lost request', async () => {
  const before = await processes();
  const answers: string[] = [];
  const client = { asks: true };
  const load = (async () => {
    while (client.asks) answers.push(await ask('acme.example.org'));
  })();
  const added = await project.must('tenant', 'add', 'wiki', 'hooli', '--host', 'hooli.example.org', '--reconcile');
  expect(added.code).toBe(0);
  expect(await ask('hooli.example.org')).toBe('200 hooli yes +');
  expect(await plannedKinds(project)).toEqual([]);
  const listed = await project.must('tenant', 'ls', 'wiki', '-o', 'json');
  expect(JSON.parse(listed.stdout)).toMatchObject({
    tenants: [{ tenant: 'acme' }, { tenant: 'hooli', hosts: ['hooli.example.org'] }, { tenant: 'umbrella' }],
  });
  await project.must('tenant', 'rm', 'wiki', 'hooli', '--reconcile');
  expect(await ask('hooli.example.org')).toMatch(/^404/);
  client.asks = false;
  await load;
  expect(answers.length).toBeGreaterThan(5);
  expect(answers.filter((answer) => !answer.startsWith('200 acme yes'))).toEqual([]);
  expect(await ask('acme.example.org')).toBe('200 acme yes ++');
  expect(await processes()).toEqual(before);
  expect(await project.readSpec()).toContain('# signed up in spring');
}, 120_000);

test('a host name that another tenant has is refused, and a command that fails is told', async () => {
  const taken = await project.stratos('tenant', 'add', 'wiki', 'copy', '--host', 'acme.example.org');
  expect([taken.code, taken.stderr]).toEqual([64, expect.stringContaining('Host name acme.example.org is taken')]);
  await project.editSpec("'printf + >> /tmp/told'", "'echo no room; exit 3'");
  const failed = await project.stratos('tenant', 'add', 'wiki', 'pied', '--host', 'pied.example.org', '--reconcile');
  expect([failed.code, failed.stdout + failed.stderr]).toEqual([
    5,
    expect.stringMatching(/Cannot tell wiki-\d+ of its tenants: no room/),
  ]);
  expect(await ask('pied.example.org')).toMatch(/^200 pied yes/);
}, 120_000);
