/** The adapter of kind `openstack` as a contract subject: a real control plane, with a proxy before Keystone and one before Nova. */
import { gunzipSync } from 'node:zlib';
import { openstackProvider } from '../../src/iaas/openstack/openstack-provider.ts';
import type { Server } from '../../src/iaas/openstack/server.ts';
import { tagOf } from '../../src/iaas/openstack/server-request.ts';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { bytes, cores, millis, type Millis } from '../../src/model/quantity.ts';
import type { OpenstackIaasSpec } from '../../src/model/iaas/openstack.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';
import type { HeldMachine, IaasSubject } from '../contract/iaas.contract.ts';
import { faultProxy, type Fault, type FaultProxy } from './fault-proxy.ts';
import { openstack, type Openstack } from './openstack.ts';
import { openstackSite } from './openstack-site.ts';

export interface OpenstackCloud extends AsyncDisposable {
  readonly api: Openstack;
  readonly subject: IaasSubject;
  /** A provider of another project's lineage, with keys of the spec changed. */
  provider(lineage: string, change?: object, env?: Readonly<Record<string, string>>): IaasProvider;
  /** Makes the network `public` of floating addresses. @returns what they look like */
  floatingPool(): Promise<RegExp>;
  /** Makes a floating address with the mark of a lineage and without a port. */
  floatingLeftOver(lineage: string): Promise<void>;
  /** What Nova says that a machine's addresses are. */
  addresses(id: string): Promise<readonly string[]>;
  /** The next listing of machines is empty. */
  hideOnce(): void;
  /** Nova does not know the next token any more. */
  endToken(): void;
  /** How often somebody has asked for a token. */
  entries(): number;
}

const PAGE = 1;

/** Opens it; everything in it is new. */
export async function openstackCloud(): Promise<OpenstackCloud> {
  const api = await openstack();
  const site = await openstackSite(api, { cidr: '10.77.0.0/24' });
  await zoneOf(api, 'south');
  const compute = await faultProxy(new URL(api.urls.compute).origin);
  const identity = await faultProxy(new URL(api.urls.identity).origin);
  // The catalogue says where Nova is; this goes before it.
  const env = { ...api.env, OS_AUTH_URL: `${identity.url}/v3`, OS_COMPUTE_ENDPOINT_OVERRIDE: `${compute.url}/v2.1` };
  const once = oneByOne(compute);
  const spec: { timeout: Millis } & Omit<OpenstackIaasSpec, 'timeout'> = {
    ...{ kind: 'openstack', name: 'cloud', user: 'debian', directory: '/nowhere', concurrency: 4 },
    ...{ timeout: PATIENT, image: 'debian', network: 'private', configDrive: false, zones: ['south'] },
  };
  const provider: OpenstackCloud['provider'] = (lineage, change = {}, variables = env) => {
    const changed = Object.keys(change).length === 0 ? spec : { ...spec, ...change };
    return openstackProvider(changed, { lineage, env: variables, onStep: () => undefined }, { page: PAGE });
  };
  const authorizedKey = generateHostKey().publicKey;
  const hypervisor = images(api);
  const subject: IaasSubject = {
    provider: provider('3f0c6a1e-8f52-4c58-9d55-1f0c2f5d1a01'),
    other: provider('two'),
    sibling: provider('3f0c6a1e-8f52-4c58-9d55-1f0c2f5d1a01', { name: 'edge' }),
    request: (vm, change = {}) =>
      Promise.resolve({
        ...{ vm, partition: 'test', hostKey: generateHostKey(), authorizedKey, taken: [] },
        size: { cpu: cores(2), memory: bytes(2 ** 30), name: 'm2' },
        ...change,
      }),
    held: (id) => heldBy(api, id),
    beyondOnePage: 2 * PAGE + 1,
    zones: ['nowhere', 'south'],
    guestImage: 'debian',
    faults: {
      refuseCreate: (failure) => {
        once('POST', {
          kind: 'rewrite',
          body: (text) => {
            const { server, ...rest } = JSON.parse(text) as { server: object };
            return JSON.stringify({ ...rest, server: { ...server, flavorRef: site.refused[failure] } });
          },
        });
      },
      loseAnswer: () => {
        once('POST', { kind: 'lose-answer' });
      },
      lockOut: () => {
        for (const proxy of [compute, identity]) proxy.fault = () => ({ kind: 'answer', status: 401, body: '{}' });
        return () => {
          identity.fault = () => undefined;
          once.restore();
        };
      },
      throttle: (calls, retryAfter) => {
        const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
        for (let n = 0; n < calls; n += 1) once(undefined, { kind: 'answer', status: 429, headers });
      },
      stall: () => {
        const release = api.hold();
        spec.timeout = millis(1000);
        return () => {
          spec.timeout = PATIENT;
          release();
        };
      },
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    api,
    subject,
    provider,
    floatingPool: () => floatingPool(api),
    floatingLeftOver: async (lineage) => {
      const { networks } = (await api.ask('network', 'v2.0/networks?name=public')) as { networks: { id: string }[] };
      const floatingip = { floating_network_id: networks[0]?.id, description: tagOf('lineage', lineage) };
      await api.ask('network', 'v2.0/floatingips', 'POST', { floatingip });
    },
    addresses: async (id) => {
      const { server } = (await api.ask('compute', `servers/${id}`)) as { server: Pick<Server, 'addresses'> };
      return Object.values(server.addresses).flatMap((all) => all.map(({ addr }) => addr));
    },
    hideOnce: () => {
      once('GET', { kind: 'answer', status: 200, body: '{"servers": []}' });
    },
    endToken: () => {
      once(undefined, { kind: 'answer', status: 401, body: '{}' });
    },
    entries: () => identity.seen.length,
    async [Symbol.asyncDispose]() {
      await hypervisor[Symbol.asyncDispose]();
      await compute[Symbol.asyncDispose]();
      await identity[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** Longest time that a machine may take; stalled ones are waited for less long. */
const PATIENT = millis(60_000);

interface Once {
  (method: string | undefined, fault: Fault): void;
  /** Faults are done one by one again. */
  restore(): void;
}

/** Faults that each are done once, to the next request to `/servers` that has the method. */
function oneByOne(proxy: FaultProxy): Once {
  const waiting: { readonly method: string | undefined; readonly fault: Fault }[] = [];
  const restore = (): void => {
    proxy.fault = ({ method, path }) => {
      if (!/\/servers(\/detail)?(\?|$)/.test(path)) return undefined;
      const at = waiting.findIndex((each) => each.method === undefined || each.method === method);
      return at === -1 ? undefined : waiting.splice(at, 1)[0]?.fault;
    };
  };
  restore();
  return Object.assign(
    (method: string | undefined, fault: Fault) => {
      waiting.push({ method, fault });
    },
    { restore },
  );
}

async function heldBy(api: Openstack, id: string): Promise<HeldMachine> {
  const { server } = (await api.ask('compute', `servers/${id}`)) as { server: Readonly<Record<string, unknown>> };
  const metadata = server.metadata as Readonly<Record<string, string>>;
  const packed = Buffer.from(String(server['OS-EXT-SRV-ATTR:user_data']), 'base64');
  return {
    vm: metadata['stratos-vm'] ?? '',
    lineage: metadata['stratos-lineage'] ?? '',
    userData: gunzipSync(packed).toString(),
    size: String((server.flavor as { original_name?: string }).original_name),
    zone: String(server['OS-EXT-AZ:availability_zone']),
  };
}

/** Puts the only host into a zone of this name. */
async function zoneOf(api: Openstack, zone: string): Promise<void> {
  const body = { aggregate: { name: zone, availability_zone: zone } };
  const { aggregate } = (await api.ask('compute', 'os-aggregates', 'POST', body)) as { aggregate: { id: number } };
  const path = `os-aggregates/${String(aggregate.id)}/action`;
  await api.ask('compute', path, 'POST', { add_host: { host: 'fakehost' } });
}

async function floatingPool(api: Openstack): Promise<RegExp> {
  const id = (document: unknown, key: string): string => (document as Record<string, { id: string }>)[key]?.id ?? '';
  const post = (path: string, body: object): Promise<unknown> => api.ask('network', `v2.0/${path}`, 'POST', body);
  const outside = id(await post('networks', { network: { name: 'public', 'router:external': true } }), 'network');
  await post('subnets', { subnet: { network_id: outside, ip_version: 4, cidr: '203.0.113.0/24' } });
  const { subnets } = (await api.ask('network', 'v2.0/subnets?cidr=10.77.0.0/24')) as { subnets: { id: string }[] };
  const gateway = { external_gateway_info: { network_id: outside } };
  const router = id(await post('routers', { router: { name: 'out', ...gateway } }), 'router');
  const inside = { port: { network_id: await networkOf(api), fixed_ips: [{ subnet_id: subnets[0]?.id }] } };
  const port = id(await post('ports', inside), 'port');
  await api.ask('network', `v2.0/routers/${router}/add_router_interface`, 'PUT', { port_id: port });
  return /^203\.0\.113\.\d+$/;
}

async function networkOf(api: Openstack): Promise<string> {
  const { networks } = (await api.ask('network', 'v2.0/networks?name=private')) as { networks: { id: string }[] };
  return networks[0]?.id ?? '';
}

/** The fake driver makes images without bytes; this gives them some, as a hypervisor would. */
function images(api: Openstack): AsyncDisposable {
  const stop = new AbortController();
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { images: waiting } = (await api.ask('image', 'v2/images?status=queued')) as { images: { id: string }[] };
      for (const { id } of waiting) {
        const format = (what: string, value: string): object => ({ op: 'replace', path: `/${what}_format`, value });
        const formats = [format('disk', 'raw'), format('container', 'bare')];
        await api.ask('image', `v2/images/${id}`, 'PATCH', formats);
        await api.ask('image', `v2/images/${id}/file`, 'PUT', Buffer.from('bytes'));
      }
      await new Promise((done) => setTimeout(done, 300));
    }
  };
  const done = watch();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}
