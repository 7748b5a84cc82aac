/**
 * A Compute Engine for tests: it has a state, it refuses what Google refuses, and every request and answer is held against
 * Google's own description of the API. What breaks that is kept in `violations`, which must stay empty.
 */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDescriptors, type Known } from './descriptors.ts';

export const PROJECT = 'stratos-test';
export const ZONES = ['europe-west1-b', 'europe-west1-c'] as const;
const REGION = 'europe-west1';
const FAMILY = 'projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64';
export const GUEST = 'projects/windows-cloud/global/images/family/windows-2022';
/** Far fewer than Google's 500, so that a test need not make as many. */
export const PAGE = 5;
const ACCOUNT = 'stratos@stratos-test.iam.gserviceaccount.com';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

type Json = Record<string, unknown>;
/** What a test reads of an instance. */
export interface PeerInstance extends Json {
  name: string;
  zone: string;
  status: string;
  machineType: string;
  labels: Record<string, string>;
  metadata: { items: { key: string; value: string }[] };
  scheduling: Json;
  disks: { source: string; boot: boolean; autoDelete: boolean; initializeParams?: Json }[];
  networkInterfaces: { networkIP: string; accessConfigs?: { natIP?: string }[] }[];
}
interface PeerOperation {
  readonly body: Json;
  readonly of: string;
  done: boolean;
  readonly finish: () => void;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export interface GcePeer extends AsyncDisposable {
  readonly endpoint: string;
  /** The key of a service account, as JSON. */
  readonly key: string;
  readonly violations: string[];
  readonly instances: ReadonlyMap<string, PeerInstance>;
  readonly images: ReadonlyMap<string, Json>;
  /** Image that each instance was made of. */
  readonly sources: ReadonlyMap<string, string>;
  /** Method and query of each request: `Instances.Insert`. */
  readonly asked: { readonly method: string; readonly query: URLSearchParams }[];
  /** Where a machine really is, for tests that make one there. Undefined: each has an address that leads nowhere. */
  readonly network: { address?: string };
  readonly faults: {
    refuse?: { failure: 'no-capacity' | 'quota'; zones: number } | undefined;
    loseAnswer?: boolean;
    lockedOut?: boolean;
    throttle?: { calls: number; retryAfter?: number | undefined };
    stall?: boolean;
    /** Labels are not found yet. */
    listsLag?: boolean;
    /** A zone that does not answer. */
    unreachable?: string | undefined;
  };
}

/** Starts it on a free port. */
export async function gcePeer(): Promise<GcePeer> {
  const descriptors = readDescriptors();
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const violations: string[] = [];
  const instances = new Map<string, PeerInstance>();
  const images = new Map<string, Json>();
  const sources = new Map<string, string>();
  const operations = new Map<string, PeerOperation>();
  const requests = new Map<string, string>();
  const asked: { method: string; query: URLSearchParams }[] = [];
  const faults: GcePeer['faults'] = {};
  const place: { address?: string } = {};
  let serial = 0;
  let base = '';
  const link = (path: string): string => `${base}/projects/${PROJECT}/${path}`;

  function begin(
    kind: string,
    of: string,
    zone: string | undefined,
    finish: () => void,
    error?: PeerOperation['error'],
  ): Json {
    serial += 1;
    const name = `operation-${String(serial)}`;
    const body: Json = {
      kind: 'compute#operation',
      id: String(7_000_000 + serial),
      name,
      operationType: kind,
      status: 'RUNNING',
      progress: 0,
      targetLink: of,
      selfLink: link(`${zone === undefined ? 'global' : `zones/${zone}`}/operations/${name}`),
      ...(zone !== undefined && { zone: link(`zones/${zone}`) }),
    };
    operations.set(name, { body, of, done: false, finish, error });
    return body;
  }

  function end(operation: PeerOperation): void {
    if (operation.done) return;
    operation.done = true;
    operation.finish();
    const { error } = operation;
    Object.assign(operation.body, { status: 'DONE', progress: 100 });
    if (error) Object.assign(operation.body, { error: { errors: [error] }, httpErrorStatusCode: 503 });
  }

  /** Time goes on for a machine that is looked at; a new one that stalls stays as it is. */
  function ripen(of: string): void {
    for (const operation of operations.values())
      if (operation.of === of && !(operation.body.operationType === 'insert' && faults.stall)) end(operation);
  }

  const found = ({ zone = '', instance = '' }: Known['parameters']): PeerInstance => {
    const machine = instances.get(`${zone}/${instance}`);
    if (machine) return machine;
    throw new Refusal(404, 'notFound', `The resource 'zones/${zone}/instances/${instance}' was not found`);
  };

  const address = (net: number): string => `${net === 10 ? '10.132.0' : '203.0.113'}.${String((serial % 250) + 2)}`;

  function run(machine: PeerInstance): void {
    machine.status = 'RUNNING';
    // An address of the internet lasts from one start to the next stop.
    for (const config of machine.networkInterfaces[0]?.accessConfigs ?? []) config.natIP = address(203);
  }

  function insert(zone: string, query: URLSearchParams, body: PeerInstance): Json {
    const wanted = query.get('requestId') ?? '';
    if (wanted !== '' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(wanted))
      throw new Refusal(400, 'invalid', `Invalid value for field 'requestId': '${wanted}'`);
    const earlier = operations.get(requests.get(wanted) ?? '');
    if (earlier) return earlier.body;
    checkInstance(zone, body);
    const id = `${zone}/${body.name}`;
    if (instances.has(id)) throw new Refusal(409, 'alreadyExists', `The resource '${id}' already exists`);
    if (faults.refuse?.failure === 'quota') {
      delete faults.refuse;
      throw new Refusal(403, 'quotaExceeded', `Quota 'CPUS' exceeded.  Limit: 24.0 in region ${REGION}.`);
    }
    const self = link(`zones/${zone}/instances/${body.name}`);
    if (faults.refuse) {
      faults.refuse.zones -= 1;
      if (faults.refuse.zones === 0) delete faults.refuse;
      const error = {
        code: 'ZONE_RESOURCE_POOL_EXHAUSTED',
        message: `The zone '${zone}' does not have enough resources`,
      };
      return begin('insert', self, zone, () => undefined, error);
    }
    serial += 1;
    const [network] = body.networkInterfaces;
    const machine: PeerInstance = {
      ...body,
      kind: 'compute#instance',
      id: String(9_000_000 + serial),
      selfLink: self,
      zone: link(`zones/${zone}`),
      machineType: link(body.machineType),
      creationTimestamp: '2026-11-29T03:00:00.000-08:00',
      status: 'PROVISIONING',
      networkInterfaces: [{ ...network, networkIP: place.address ?? address(10) }],
      disks: body.disks.map(({ boot, autoDelete }) => ({
        kind: 'compute#attachedDisk',
        boot,
        autoDelete,
        type: 'PERSISTENT',
        mode: 'READ_WRITE',
        index: 0,
        source: link(`zones/${zone}/disks/${body.name}`),
      })),
    };
    instances.set(id, machine);
    sources.set(id, String(body.disks[0]?.initializeParams?.sourceImage));
    const operation = begin('insert', self, zone, () => {
      if (instances.get(id) === machine && machine.status === 'PROVISIONING') run(machine);
    });
    requests.set(wanted, String(operation.name));
    return operation;
  }

  function checkInstance(zone: string, body: PeerInstance): void {
    const invalid = (field: string, value: unknown): Refusal =>
      new Refusal(400, 'invalid', `Invalid value for field 'resource.${field}': '${JSON.stringify(value)}'`);
    if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(body.name)) throw invalid('name', body.name);
    for (const [key, value] of Object.entries(body.labels))
      if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key) || !/^[a-z0-9_-]{0,63}$/.test(value))
        throw invalid('labels', { key, value });
    const type = new RegExp(`^zones/${zone}/machineTypes/([a-z0-9-]+)$`).exec(body.machineType)?.[1];
    if (type === undefined || !machineType(type)) throw invalid('machineType', body.machineType);
    const [disk] = body.disks;
    const image = String(disk?.initializeParams?.sourceImage);
    if (!disk?.boot || body.disks.length !== 1) throw invalid('disks', body.disks);
    if (image !== FAMILY && image !== GUEST && !images.has(image.split('/').at(-1) ?? ''))
      throw new Refusal(404, 'notFound', `The resource '${image}' was not found`);
    const { provisioningModel, automaticRestart, onHostMaintenance } = body.scheduling;
    if (provisioningModel === 'SPOT' && (automaticRestart !== false || onHostMaintenance !== 'TERMINATE'))
      throw invalid('scheduling', body.scheduling);
    const size = body.metadata.items.reduce((sum, { value }) => sum + value.length, 0);
    if (size > 512 * 1024) throw invalid('metadata', size);
  }

  function list(query: URLSearchParams): Json {
    const wanted = (query.get('filter') ?? '').split(' AND ').map((term) => {
      const [, key = '', value = ''] = /^labels\.([a-z-]+)=([a-z0-9-]+)$/.exec(term) ?? [];
      if (key === '') throw new Refusal(400, 'invalid', `Invalid value for field 'filter': '${term}'`);
      return [key, value] as const;
    });
    const all = [...instances].filter(([, { labels }]) => wanted.every(([key, value]) => labels[key] === value));
    const from = Number(query.get('pageToken') ?? 0);
    const page = faults.listsLag ? [] : all.slice(from, from + Math.min(PAGE, Number(query.get('maxResults') ?? PAGE)));
    const items: Json = {};
    for (const zone of ZONES) {
      const here = page.filter(([id]) => id.startsWith(`${zone}/`)).map(([, machine]) => machine);
      const none = {
        code: 'NO_RESULTS_ON_PAGE',
        message: `There are no results for scope 'zones/${zone}' on this page.`,
      };
      items[`zones/${zone}`] =
        zone === faults.unreachable
          ? { warning: { code: 'UNREACHABLE', message: `${zone} is unreachable` } }
          : here.length > 0
            ? { instances: here }
            : { warning: none };
    }
    return {
      kind: 'compute#instanceAggregatedList',
      id: `projects/${PROJECT}/aggregated/instances`,
      items,
      ...(from + PAGE < all.length && !faults.listsLag && { nextPageToken: String(from + PAGE) }),
    };
  }

  function bake(query: URLSearchParams, body: Json): Json {
    const { name, sourceDisk } = body as { name: string; sourceDisk: string };
    const machine = [...instances.values()].find(({ disks }) => disks[0]?.source.endsWith(sourceDisk));
    if (!machine) throw new Refusal(404, 'notFound', `The resource '${sourceDisk}' was not found`);
    if (machine.status === 'RUNNING' && query.get('forceCreate') !== 'true')
      throw new Refusal(
        400,
        'resourceInUseByAnotherResource',
        `The disk resource '${sourceDisk}' is already being used`,
      );
    if (images.has(name)) throw new Refusal(409, 'alreadyExists', `The resource '${name}' already exists`);
    const image = { ...body, kind: 'compute#image', status: 'PENDING' };
    images.set(name, image);
    return begin('insert', link(`global/images/${name}`), undefined, () => {
      image.status = 'READY';
    });
  }

  function answer({ method, parameters }: Known, query: URLSearchParams, body: unknown): Json {
    const { zone = '', instance = '' } = parameters;
    const key = `${zone}/${instance}`;
    const self = link(`zones/${zone}/instances/${instance}`);
    switch (method) {
      case 'Projects.Get':
        return { kind: 'compute#project', name: PROJECT, id: '1234567' };
      case 'Zones.Get':
        if (!(ZONES as readonly string[]).includes(zone)) throw new Refusal(404, 'notFound', `'${zone}' was not found`);
        return { kind: 'compute#zone', name: zone, status: 'UP', region: link(`regions/${REGION}`) };
      case 'Regions.Get': {
        const cpus = { metric: 'CPUS', limit: 24, usage: instances.size * 2 };
        return {
          kind: 'compute#region',
          name: REGION,
          quotas: [cpus, { metric: 'SSD_TOTAL_GB', limit: 500, usage: 0 }],
        };
      }
      case 'Networks.Get':
        if (parameters.network !== 'default') throw new Refusal(404, 'notFound', 'The network was not found');
        return { kind: 'compute#network', name: 'default', autoCreateSubnetworks: true };
      case 'Subnetworks.Get':
        if (parameters.subnetwork !== 'inner') throw new Refusal(404, 'notFound', 'The subnetwork was not found');
        return { kind: 'compute#subnetwork', name: 'inner', ipCidrRange: '10.132.0.0/20' };
      case 'Images.GetFromFamily':
        return {
          kind: 'compute#image',
          name: 'ubuntu-2404-noble-amd64-v20261101',
          status: 'READY',
          architecture: 'X86_64',
        };
      case 'Images.Get': {
        const image = images.get(parameters.image ?? '');
        if (!image) throw new Refusal(404, 'notFound', `The resource '${parameters.image ?? ''}' was not found`);
        return image;
      }
      case 'Images.Insert':
        return bake(query, body as Json);
      case 'MachineTypes.Get': {
        const type = machineType(parameters.machineType ?? '');
        if (!type) throw new Refusal(404, 'notFound', `The resource '${parameters.machineType ?? ''}' was not found`);
        return type;
      }
      case 'MachineTypes.List': {
        const from = Number(query.get('pageToken') ?? 0);
        const next = from + PAGE < TYPES.length ? { nextPageToken: String(from + PAGE) } : {};
        return { kind: 'compute#machineTypeList', items: TYPES.slice(from, from + PAGE), ...next };
      }
      case 'Instances.AggregatedList':
        return list(query);
      case 'Instances.Insert':
        return insert(zone, query, body as PeerInstance);
      case 'Instances.Get': {
        const seen = structuredClone(found(parameters));
        ripen(self);
        return seen;
      }
      case 'Instances.Start': {
        const machine = found(parameters);
        machine.status = 'STAGING';
        return begin('start', self, zone, () => {
          run(machine);
        });
      }
      case 'Instances.Stop': {
        const machine = found(parameters);
        machine.status = 'STOPPING';
        return begin('stop', self, zone, () => {
          machine.status = 'TERMINATED';
          for (const config of machine.networkInterfaces[0]?.accessConfigs ?? []) delete config.natIP;
        });
      }
      case 'Instances.Delete':
        found(parameters).status = 'STOPPING';
        return begin('delete', self, zone, () => instances.delete(key));
      case 'ZoneOperations.Get':
      case 'GlobalOperations.Get': {
        const operation = operations.get(parameters.operation ?? '');
        if (!operation) throw new Refusal(404, 'notFound', 'The operation was not found');
        if (!(operation.body.operationType === 'insert' && zone !== '' && faults.stall)) end(operation);
        return operation.body;
      }
      default:
        violations.push(`${method} is not made here`);
        throw new Refusal(501, 'notImplemented', method);
    }
  }

  function admit(request: IncomingMessage): void {
    const { throttle } = faults;
    if (throttle && throttle.calls > 0) {
      throttle.calls -= 1;
      throw new Refusal(403, 'rateLimitExceeded', 'Rate Limit Exceeded');
    }
    const [head = '', claims = '', signature = ''] = (request.headers.authorization ?? '')
      .replace('Bearer ', '')
      .split('.');
    const right = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      createPublicKey(publicKey),
      Buffer.from(signature, 'base64url'),
    );
    const { iss, scope, exp } = right
      ? (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string; scope: string; exp: number })
      : { iss: '', scope: '', exp: 0 };
    if (faults.lockedOut || iss !== ACCOUNT || scope !== SCOPE || exp * 1000 < Date.now())
      throw new Refusal(401, 'authError', 'Request had invalid authentication credentials.');
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const url = new URL(request.url ?? '/', base);
    const verb = request.method ?? '';
    try {
      const known = descriptors.match(verb, url, body);
      if (!known || known.problems.length > 0) {
        violations.push(...(known?.problems ?? [`${verb} ${url.pathname} is no path of the API`]));
        throw new Refusal(known ? 400 : 404, 'invalid', known?.problems.join('; ') ?? 'no such path');
      }
      admit(request);
      asked.push({ method: known.method, query: url.searchParams });
      const result = structuredClone(answer(known, url.searchParams, body));
      violations.push(
        ...descriptors.problems(known.responseType, result).map((problem) => `answer of ${known.method}: ${problem}`),
      );
      if (known.method === 'Instances.Insert' && faults.loseAnswer) {
        faults.loseAnswer = false;
        response.destroy();
        return;
      }
      // A machine takes a while: long enough for a create to be interrupted in the middle.
      if (known.method === 'Instances.Insert') await sleep(80);
      send(response, 200, result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, reason, message } = error;
      const after = reason === 'rateLimitExceeded' ? faults.throttle?.retryAfter : undefined;
      const document = { error: { code: status, message, errors: [{ domain: 'global', reason, message }] } };
      send(response, status, document, after === undefined ? {} : { 'retry-after': String(after) });
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/compute/v1`;
  const key = {
    type: 'service_account',
    project_id: PROJECT,
    private_key_id: '1',
    private_key: privateKey,
    client_email: ACCOUNT,
  };
  return {
    endpoint: base,
    key: JSON.stringify(key),
    violations,
    instances,
    images,
    sources,
    asked,
    network: place,
    faults,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

const type = (
  name: string,
  guestCpus: number,
  memoryMb: number,
  isSharedCpu = false,
  architecture = 'X86_64',
): Json => ({
  kind: 'compute#machineType',
  name,
  guestCpus,
  memoryMb,
  isSharedCpu,
  architecture,
});
const TYPES = [
  type('c4a-standard-2', 2, 8192, false, 'ARM64'),
  type('e2-highcpu-2', 2, 2048),
  type('e2-medium', 2, 4096, true),
  type('e2-micro', 2, 1024, true),
  type('e2-small', 2, 2048, true),
  type('e2-standard-2', 2, 8192),
  type('e2-standard-4', 4, 16_384),
  type('n2-standard-2', 2, 8192),
];

function machineType(name: string): Json | undefined {
  const [, cpus, memory] = /^e2-custom-(\d+)-(\d+)$/.exec(name) ?? [];
  if (cpus !== undefined && Number(cpus) % 2 === 0 && Number(memory) % 256 === 0)
    return type(name, Number(cpus), Number(memory));
  return TYPES.find((each) => each.name === name);
}
