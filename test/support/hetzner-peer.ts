/** Hetzner Cloud on this machine: one project with three sizes, three locations and a memory. Its servers run nothing. */
import type { HeldMachine, IaasFaults } from '../contract/iaas.contract.ts';
import { openApiCheck } from './openapi-check.ts';
import { restPeer, type PeerAnswer, type PeerCall, type RestPeer } from './rest-peer.ts';

const CREATED = '2026-01-30T23:55:00+00:00';

interface PeerServer {
  readonly id: number;
  readonly body: PeerCall['body'];
  readonly location: string;
  status: string;
}
interface PeerAction {
  readonly id: number;
  readonly command: string;
  readonly server: number;
  readonly until: number;
  readonly effect: () => void;
  readonly error: { readonly code: string; readonly message: string } | null;
  done: boolean;
}

export interface HetznerPeer extends RestPeer {
  readonly all: IaasFaults;
  readonly held: (id: string) => Promise<HeldMachine>;
  /** Machines do not heed the power button. */
  deaf: boolean;
  /** Where a machine really is, for tests that make one there. Undefined: each has an address that leads nowhere. */
  address: string | undefined;
  /** The next action that makes a server fails with this code, after the server was announced. */
  failMaking(code: string): void;
  /** A location is full, until the returned function is called. */
  fill(location: string): () => void;
  /** The next listing does not show any server yet. */
  hideOnce(): void;
}

/** A snapshot that is none of ours: what a machine that is a process is made of. */
export const GUEST = 220_000_001;

/**
 * @param pageSize most entries of a page; Hetzner's own are up to 50
 * @param actionTime how long an action takes, in ms
 */
export async function hetznerPeer(pageSize = 10, actionTime = 120): Promise<HetznerPeer> {
  const servers = new Map<number, PeerServer>();
  const actions = new Map<number, PeerAction>();
  const images = [
    image(114690387, 'debian-12', 'x86'),
    image(114690389, 'debian-12', 'arm'),
    image(GUEST, null, 'x86'),
  ];
  const faults = { refuse: [] as string[], stalled: false, making: '', full: new Set<string>(), hidden: 0 };
  let next = 4000;
  const peer = { deaf: false, address: undefined as string | undefined };

  const settle = (): void => {
    for (const action of actions.values()) {
      const waits = faults.stalled && action.command === 'create_server';
      if (action.done || waits || performance.now() < action.until) continue;
      action.done = true;
      if (action.error === null) action.effect();
    }
  };
  const begin = (
    command: string,
    server: number,
    effect: () => void,
    error: PeerAction['error'] = null,
  ): PeerAction => {
    const action = {
      id: (next += 1),
      command,
      server,
      until: performance.now() + actionTime,
      effect,
      error,
      done: false,
    };
    actions.set(action.id, action);
    return action;
  };
  const onServer =
    (work: (server: PeerServer, call: PeerCall) => PeerAnswer) =>
    (call: PeerCall): PeerAnswer => {
      settle();
      const server = servers.get(Number(call.params.id));
      return server ? work(server, call) : refusal(404, 'not_found', 'server not found');
    };
  const power = (command: string, status: string, heeded: () => boolean = () => true) =>
    onServer((server) => {
      const action = begin(command, server.id, () => {
        if (heeded()) server.status = status;
      });
      return { status: 201, body: { action: actionDocument(action) } };
    });

  function create({ body }: PeerCall): PeerAnswer {
    const code = faults.refuse.shift();
    if (code === 'resource_limit_exceeded') return refusal(403, code, 'server limit reached');
    const location = (body.location ?? 'fsn1') as string;
    if (code !== undefined || faults.full.has(location))
      return refusal(
        412,
        code ?? 'resource_unavailable',
        `we are unable to provision servers for this location: ${location}`,
      );
    if ([...servers.values()].some((server) => server.body.name === body.name))
      return refusal(409, 'uniqueness_error', 'server name is already used');
    if (!TYPES.some(({ name }) => name === body.server_type))
      return refusal(422, 'invalid_input', 'unknown server type');
    if (!images.some(({ id }) => String(id) === body.image)) return refusal(422, 'invalid_input', 'unknown image');
    const server: PeerServer = { id: (next += 1), body, location, status: 'initializing' };
    servers.set(server.id, server);
    const error = faults.making === '' ? null : { code: faults.making, message: 'the host went away' };
    faults.making = '';
    const action = begin('create_server', server.id, () => (server.status = 'running'), error);
    return {
      status: 201,
      body: {
        server: serverDocument(server, peer.address),
        action: actionDocument(action),
        next_actions: [],
        root_password: 'unused',
      },
    };
  }

  const paged = (key: string, entries: readonly object[], query: URLSearchParams): PeerAnswer =>
    page(key, entries, query, pageSize);
  const listed = (key: string, entries: readonly object[]) => (call: PeerCall) => paged(key, entries, call.query);
  const base = await restPeer({
    base: '/v1',
    check: openApiCheck('hetzner'),
    authorization: 'Bearer hetzner-token',
    create: 'post /servers',
    refuse: {
      unauthorized: () => refusal(401, 'unauthorized', 'unable to authenticate'),
      throttled: (wait) => {
        const now = Math.floor(Date.now() / 1000);
        const headers = { date: new Date(now * 1000).toUTCString(), 'ratelimit-reset': String(now + (wait ?? 0)) };
        return {
          ...refusal(429, 'rate_limit_exceeded', 'limit of 3600 requests per hour reached'),
          headers: wait === undefined ? {} : headers,
        };
      },
    },
    operations: {
      'get /servers': ({ query }) => {
        settle();
        const selector = query.get('label_selector')?.split(',') ?? [];
        const found = [...servers.values()].filter(({ body }) => {
          const labels = (body.labels ?? {}) as Record<string, string>;
          const chosen = selector.every((each) => labels[each.split('==')[0] ?? ''] === each.split('==')[1]);
          return chosen && (query.get('name') ?? body.name) === body.name;
        });
        if (faults.hidden > 0) {
          faults.hidden -= 1;
          return paged('servers', [], query);
        }
        return paged(
          'servers',
          found.map((server) => serverDocument(server, peer.address)),
          query,
        );
      },
      'post /servers': create,
      'get /servers/{id}': onServer((server) => ({
        status: 200,
        body: { server: serverDocument(server, peer.address) },
      })),
      'delete /servers/{id}': onServer((server) => {
        server.status = 'deleting';
        const action = begin('delete_server', server.id, () => servers.delete(server.id));
        return { status: 200, body: { action: actionDocument(action) } };
      }),
      'post /servers/{id}/actions/poweron': power('start_server', 'running'),
      'post /servers/{id}/actions/shutdown': power('shutdown_server', 'off', () => !peer.deaf),
      'post /servers/{id}/actions/poweroff': power('stop_server', 'off'),
      'post /servers/{id}/actions/create_image': onServer((server, { body }) => {
        const made = {
          ...image((next += 1), null, 'x86'),
          status: 'creating',
          type: String(body.type),
          description: String(body.description),
        };
        images.push(made);
        const action = begin('create_image', server.id, () => (made.status = 'available'));
        return { status: 201, body: { action: actionDocument(action), image: made } };
      }),
      'get /actions/{id}': ({ params }) => {
        settle();
        const action = actions.get(Number(params.id));
        return action
          ? { status: 200, body: { action: actionDocument(action) } }
          : refusal(404, 'not_found', 'action not found');
      },
      'get /server_types': listed('server_types', TYPES),
      'get /locations': listed('locations', LOCATIONS),
      'get /networks': ({ query }) => paged('networks', named([network(4711, 'inside')], query), query),
      'get /firewalls': ({ query }) => paged('firewalls', named([firewall(38, 'web')], query), query),
      'get /placement_groups': ({ query }) => paged('placement_groups', named([group(7, 'apart')], query), query),
      'get /images': ({ query }) => {
        const wanted = query.get('architecture');
        return paged(
          'images',
          named(images, query).filter(({ architecture }) => (wanted ?? architecture) === architecture),
          query,
        );
      },
      'get /images/{id}': ({ params }) => {
        const found = images.find(({ id }) => String(id) === params.id);
        return found ? { status: 200, body: { image: found } } : refusal(404, 'not_found', 'image not found');
      },
    },
  });
  return Object.assign(peer, base, {
    all: {
      ...base.faults,
      refuseCreate: (failure: 'no-capacity' | 'quota') => {
        // Full in every location that may be tried.
        faults.refuse = failure === 'quota' ? ['resource_limit_exceeded'] : ['resource_unavailable', 'placement_error'];
      },
      stall: () => {
        faults.stalled = true;
        return () => {
          faults.stalled = false;
        };
      },
    },
    held: async (id: string) => {
      const server = servers.get(Number(id));
      if (!server) throw new Error(`there is no server ${id}`);
      const { body, location } = server;
      const labels = body.labels as Record<string, string>;
      const { 'stratos-vm': vm = '', 'stratos-lineage': lineage = '' } = labels;
      return Promise.resolve({
        vm,
        lineage,
        userData: (body.user_data ?? '') as string,
        image: String(body.image as string | number),
        size: String(body.server_type),
        zone: location,
      });
    },
    failMaking: (code: string) => {
      faults.making = code;
    },
    fill: (location: string) => {
      faults.full.add(location);
      return () => {
        faults.full.delete(location);
      };
    },
    hideOnce: () => {
      faults.hidden = 1;
    },
    [Symbol.asyncDispose]: base[Symbol.asyncDispose],
  });
}

function refusal(status: number, code: string, message: string): PeerAnswer {
  return { status, body: { error: { code, message, details: null } } };
}

function page(key: string, entries: readonly object[], query: URLSearchParams, most: number): PeerAnswer {
  const size = Math.min(Number(query.get('per_page') ?? 25), most);
  const at = Number(query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(entries.length / size));
  const pagination = {
    page: at,
    per_page: size,
    previous_page: at > 1 ? at - 1 : null,
    next_page: at < last ? at + 1 : null,
    last_page: last,
    total_entries: entries.length,
  };
  return { status: 200, body: { [key]: entries.slice((at - 1) * size, at * size), meta: { pagination } } };
}

function named<T extends { readonly name: string | null }>(
  entries: readonly T[],
  query: URLSearchParams,
): readonly T[] {
  const wanted = query.get('name');
  return wanted === null ? entries : entries.filter(({ name }) => name === wanted);
}

const LOCATIONS = ['fsn1', 'nbg1', 'hel1'].map((name, at) => ({
  id: at + 1,
  name,
  description: `${name} DC Park 1`,
  country: 'DE',
  city: 'Falkenstein',
  latitude: 50.47612,
  longitude: 12.370071,
  network_zone: 'eu-central',
}));

const TYPES = [
  type('cx22', 2, 4, 40, '0.0060', 'x86', { announced: CREATED, unavailable_after: '2027-01-30T23:55:00+00:00' }),
  type('cx23', 2, 4, 40, '0.0072', 'x86'),
  type('cx33', 4, 8, 80, '0.0120', 'x86'),
  type('cax11', 2, 4, 40, '0.0056', 'arm'),
];

function type(
  name: string,
  cores: number,
  memory: number,
  disk: number,
  net: string,
  architecture: string,
  deprecation: object | null = null,
) {
  const price = { net, gross: (Number(net) * 1.19).toFixed(16) };
  const where = name === 'cx33' ? LOCATIONS.slice(0, 1) : LOCATIONS;
  return {
    id: 100 + cores,
    name,
    description: name.toUpperCase(),
    cores,
    memory,
    disk,
    architecture,
    cpu_type: 'shared',
    storage_type: 'local',
    category: 'cost_optimized',
    deprecated: deprecation !== null,
    deprecation,
    prices: where.map((each) => ({
      location: each.name,
      included_traffic: 654321,
      price_hourly: price,
      price_monthly: price,
      price_per_tb_traffic: price,
    })),
    locations: where.map((each) => ({ id: each.id, name: each.name, deprecation })),
  };
}

function image(id: number, name: string | null, architecture: string) {
  return {
    id,
    name,
    architecture,
    bound_to: null,
    created: CREATED,
    created_from: null,
    deleted: null,
    deprecated: null,
    description: name ?? '',
    disk_size: 10,
    image_size: null,
    labels: {},
    os_flavor: 'debian',
    os_version: '12',
    protection: { delete: false },
    rapid_deploy: true,
    status: 'available',
    type: 'system',
  };
}

function network(id: number, name: string) {
  return {
    id,
    name,
    created: CREATED,
    expose_routes_to_vswitch: false,
    ip_range: '10.0.0.0/16',
    labels: {},
    protection: { delete: false },
    routes: [],
    servers: [],
    subnets: [],
  };
}

function firewall(id: number, name: string) {
  return { id, name, applied_to: [], created: CREATED, labels: {}, rules: [] };
}

function group(id: number, name: string) {
  return { id, name, created: CREATED, labels: {}, servers: [], type: 'spread' };
}

function actionDocument({ id, command, server, done, error }: PeerAction) {
  return {
    id,
    command,
    status: !done ? 'running' : error ? 'error' : 'success',
    progress: done ? 100 : 0,
    started: CREATED,
    finished: done ? CREATED : null,
    resources: [{ id: server, type: 'server' }],
    error: done ? error : null,
  };
}

function serverDocument({ id, body, location, status }: PeerServer, address?: string) {
  const where = LOCATIONS.find(({ name }) => name === location);
  const { enable_ipv4: v4 = true, enable_ipv6: v6 = true } = (body.public_net ?? {}) as {
    enable_ipv4?: boolean;
    enable_ipv6?: boolean;
  };
  const networks = (body.networks ?? []) as readonly number[];
  return {
    id,
    name: body.name,
    status,
    labels: body.labels ?? {},
    created: CREATED,
    backup_window: null,
    datacenter: {
      id: 4,
      name: `${location}-dc14`,
      description: '',
      location: where,
      server_types: { available: [], available_for_migration: [], supported: [] },
    },
    location: where,
    image: null,
    included_traffic: 654321,
    ingoing_traffic: null,
    outgoing_traffic: null,
    iso: null,
    load_balancers: [],
    locked: false,
    placement_group: null,
    primary_disk_size: 40,
    protection: { delete: false, rebuild: false },
    rescue_enabled: false,
    server_type: TYPES.find(({ name }) => name === body.server_type),
    volumes: [],
    private_net: networks.map((each) => ({
      network: each,
      ip: `10.0.${octets(id)}`,
      alias_ips: [],
      mac_address: '86:00:ff:2a:7d:e1',
    })),
    public_net: {
      firewalls: [],
      floating_ips: [],
      ipv4: v4 ? { id, ip: address ?? `198.51.${octets(id)}`, blocked: false, dns_ptr: 'host.example' } : null,
      ipv6: v6 ? { id: id + 1, ip: `2001:db8:${id.toString(16)}::/64`, blocked: false, dns_ptr: null } : null,
    },
  };
}

function octets(id: number): string {
  return `${String(Math.floor(id / 250) % 250)}.${String(id % 250)}`;
}
