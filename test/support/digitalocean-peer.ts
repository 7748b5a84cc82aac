/** DigitalOcean on this machine: one team with four sizes, three regions and a memory. Its droplets run nothing. */
import type { HeldMachine, IaasFaults } from '../contract/iaas.contract.ts';
import { openApiCheck } from './openapi-check.ts';
import { restPeer, type PeerAnswer, type PeerCall, type RestPeer } from './rest-peer.ts';

/** How long an action takes, in ms. */
const ACTION = 120;
/** Most entries of a page here; DigitalOcean's own are up to 200. */
const PAGE = 10;
const CREATED = '2026-01-30T23:55:00Z';
const REGIONS = ['fra1', 'ams3', 'nyc3'];

interface PeerDroplet {
  readonly id: number;
  readonly body: PeerCall['body'];
  readonly region: string;
  /** Tags come a moment after the droplet. */
  readonly tagged: number;
  status: string;
}
interface PeerAction {
  readonly id: number;
  readonly type: string;
  readonly droplet: number;
  readonly until: number;
  readonly effect: () => void;
  status: 'in-progress' | 'completed' | 'errored';
}

export interface DigitalOceanPeer extends RestPeer {
  readonly all: IaasFaults;
  readonly held: (id: string) => Promise<HeldMachine>;
  /** Machines do not heed the power button. */
  deaf: boolean;
  /** Where a machine really is, for tests that make one there. Undefined: each has an address that leads nowhere. */
  address: string | undefined;
  /** How many droplets the team may have. */
  limit: number;
  /** How long after a droplet its tags come, in ms. */
  tagging: number;
  /** The next droplet is announced and cannot be made. */
  failMaking(): void;
  /** A region is full, until the returned function is called. */
  fill(region: string): () => void;
}

/** A snapshot that is none of ours: what a machine that is a process is made of. */
export const GUEST = 220_000_001;

export async function digitaloceanPeer(): Promise<DigitalOceanPeer> {
  const droplets = new Map<number, PeerDroplet>();
  const actions = new Map<number, PeerAction>();
  const snapshots: { readonly droplet: number; readonly id: number; readonly name: string; readonly region: string }[] =
    [{ droplet: 0, id: GUEST, name: 'windows-2022', region: 'fra1' }];
  const faults = { refuse: [] as string[], stalled: false, failing: false, full: new Set<string>() };
  const peer = { deaf: false, limit: 25, tagging: 0, address: undefined as string | undefined };
  let next = 3_164_000;

  const settle = (): void => {
    for (const action of actions.values()) {
      const waits = faults.stalled && action.type === 'create';
      if (action.status !== 'in-progress' || waits || performance.now() < action.until) continue;
      action.status = faults.failing && action.type === 'create' ? 'errored' : 'completed';
      if (action.status === 'completed') action.effect();
      else faults.failing = false;
    }
  };
  const begin = (type: string, droplet: number, effect: () => void): PeerAction => {
    const action: PeerAction = {
      id: (next += 1),
      type,
      droplet,
      until: performance.now() + ACTION,
      effect,
      status: 'in-progress',
    };
    actions.set(action.id, action);
    return action;
  };
  const onDroplet =
    (work: (droplet: PeerDroplet, call: PeerCall) => PeerAnswer) =>
    (call: PeerCall): PeerAnswer => {
      settle();
      const droplet = droplets.get(Number(call.params.droplet_id));
      return droplet
        ? work(droplet, call)
        : refusal(404, 'not_found', 'The resource you were accessing could not be found.');
    };

  function create({ body }: PeerCall): PeerAnswer {
    const words = faults.refuse.shift();
    const region = (body.region ?? 'nyc3') as string;
    if (words !== undefined) return refusal(422, 'unprocessable_entity', words);
    if (faults.full.has(region)) return refusal(422, 'unprocessable_entity', 'Size is not available in this region.');
    const sold = SIZES.find(({ slug }) => slug === body.size);
    if (!sold) return refusal(422, 'unprocessable_entity', 'You specified an invalid size for Droplet creation.');
    if (!imageOf(String(body.image)))
      return refusal(422, 'unprocessable_entity', 'You specified an invalid image for Droplet creation.');
    const droplet: PeerDroplet = {
      id: (next += 1),
      body,
      region,
      tagged: performance.now() + peer.tagging,
      status: 'new',
    };
    droplets.set(droplet.id, droplet);
    const action = begin('create', droplet.id, () => (droplet.status = 'active'));
    const href = `https://api.digitalocean.com/v2/actions/${String(action.id)}`;
    return {
      status: 202,
      body: {
        droplet: dropletDocument(droplet, peer.address),
        links: { actions: [{ id: action.id, rel: 'create', href }] },
      },
    };
  }

  function act(droplet: PeerDroplet, { body }: PeerCall): PeerAnswer {
    if ([...actions.values()].some((each) => each.droplet === droplet.id && each.status === 'in-progress'))
      return refusal(422, 'unprocessable_entity', 'Droplet already has a pending event.');
    const type = body.type as string;
    const action = begin(type, droplet.id, () => {
      if (type === 'power_on') droplet.status = 'active';
      if (type === 'power_off' || (type === 'shutdown' && !peer.deaf)) droplet.status = 'off';
      if (type === 'snapshot')
        snapshots.push({ droplet: droplet.id, id: (next += 1), name: body.name as string, region: droplet.region });
    });
    return { status: 201, body: { action: actionDocument(action) } };
  }

  function imageOf(wanted: string) {
    if (wanted === 'debian-12-x64' || wanted === '129211873')
      return imageDocument(129_211_873, 'Debian 12 x64', 'debian-12-x64', REGIONS);
    const found = snapshots.find(({ id }) => String(id) === wanted);
    return found && imageDocument(found.id, found.name, null, [found.region]);
  }

  const base = await restPeer({
    base: '',
    check: openApiCheck('digitalocean'),
    authorization: 'Bearer digitalocean-token',
    create: 'post /v2/droplets',
    refuse: {
      unauthorized: () => refusal(401, 'unauthorized', 'Unable to authenticate you'),
      throttled: (wait) => {
        const now = Math.floor(Date.now() / 1000);
        const headers = {
          date: new Date(now * 1000).toUTCString(),
          // The oldest of all calls of the hour; the short limit has its own header, which goes first.
          'ratelimit-reset': String(now + 3000),
          ...(wait !== undefined && { 'retry-after': String(wait) }),
        };
        return {
          ...refusal(429, 'too_many_requests', 'API Rate limit exceeded.'),
          ...(wait !== undefined && { headers }),
        };
      },
    },
    operations: {
      'get /v2/account': () => ({
        status: 200,
        body: {
          account: {
            droplet_limit: peer.limit,
            floating_ip_limit: 5,
            email: 'ops@example.org',
            uuid: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef',
            email_verified: true,
            status: 'active',
            status_message: '',
          },
        },
      }),
      'get /v2/droplets': ({ query }) => {
        settle();
        const tag = query.get('tag_name');
        const found = [...droplets.values()].filter((droplet) => {
          const { name, tags } = dropletDocument(droplet, peer.address);
          return (tag === null || tags.includes(tag)) && (query.get('name') ?? name) === name;
        });
        return page(
          'droplets',
          found.map((droplet) => dropletDocument(droplet, peer.address)),
          query,
        );
      },
      'post /v2/droplets': create,
      'get /v2/droplets/{droplet_id}': onDroplet((droplet) => ({
        status: 200,
        body: { droplet: dropletDocument(droplet, peer.address) },
      })),
      'delete /v2/droplets/{droplet_id}': onDroplet((droplet) => {
        begin('destroy', droplet.id, () => droplets.delete(droplet.id));
        return { status: 204 };
      }),
      'post /v2/droplets/{droplet_id}/actions': onDroplet(act),
      'get /v2/droplets/{droplet_id}/snapshots': onDroplet((droplet, { query }) => {
        const own = snapshots.filter((each) => each.droplet === droplet.id).map((each) => snapshotDocument(each));
        return page('snapshots', own, query);
      }),
      'get /v2/actions/{action_id}': ({ params }) => {
        settle();
        const action = actions.get(Number(params.action_id));
        return action
          ? { status: 200, body: { action: actionDocument(action) } }
          : refusal(404, 'not_found', 'no such action');
      },
      'get /v2/images/{image_id}': ({ params }) => {
        const image = imageOf(params.image_id ?? '');
        return image ? { status: 200, body: { image } } : refusal(404, 'not_found', 'no such image');
      },
      'get /v2/regions': ({ query }) => page('regions', REGIONS.map(regionDocument), query),
      'get /v2/sizes': ({ query }) => page('sizes', SIZES, query),
      'get /v2/vpcs': ({ query }) => page('vpcs', VPCS, query),
    },
  });
  return Object.assign(peer, base, {
    all: {
      ...base.faults,
      refuseCreate: (failure: 'no-capacity' | 'quota') => {
        faults.refuse =
          failure === 'quota'
            ? ['creating this/these droplet(s) will exceed your droplet limit']
            : ['Size is not available in this region.', 'The size is currently unavailable in region ams3.'];
      },
      stall: () => {
        faults.stalled = true;
        return () => {
          faults.stalled = false;
        };
      },
    },
    held: async (id: string) => {
      const droplet = droplets.get(Number(id));
      if (!droplet) throw new Error(`there is no droplet ${id}`);
      const { body, region } = droplet;
      const value = (key: string): string =>
        (body.tags as readonly string[]).find((tag) => tag.startsWith(`${key}:`))?.slice(key.length + 1) ?? '';
      return Promise.resolve({
        vm: value('stratos-vm'),
        lineage: value('stratos-lineage'),
        userData: (body.user_data ?? '') as string,
        image: String(body.image as string | number),
        size: body.size as string,
        zone: region,
      });
    },
    failMaking: () => {
      faults.failing = true;
    },
    fill: (region: string) => {
      faults.full.add(region);
      return () => {
        faults.full.delete(region);
      };
    },
    [Symbol.asyncDispose]: base[Symbol.asyncDispose],
  });
}

function refusal(status: number, id: string, message: string): PeerAnswer {
  return { status, body: { id, message, request_id: '4d9d8375-3c56-4925-a3e7-eb137fed17e9' } };
}

function page(key: string, entries: readonly object[], query: URLSearchParams): PeerAnswer {
  const size = Math.min(Number(query.get('per_page') ?? 20), PAGE);
  const at = Number(query.get('page') ?? 1);
  const last = Math.ceil(entries.length / size);
  const link = (number: number) =>
    `https://api.digitalocean.com/v2/${key}?page=${String(number)}&per_page=${String(size)}`;
  const pages = {
    ...(at < last && { next: link(at + 1), last: link(last) }),
    ...(at > 1 && { prev: link(at - 1), first: link(1) }),
  };
  const meta = { total: entries.length };
  return {
    status: 200,
    body: { [key]: entries.slice((at - 1) * size, at * size), links: at === 1 && last < 2 ? {} : { pages }, meta },
  };
}

const SIZES = [
  size('s-1vcpu-1gb', 1, 1024, 25, 0.00893),
  size('s-2vcpu-4gb', 2, 4096, 80, 0.03571),
  size('s-4vcpu-8gb', 4, 8192, 160, 0.07143, ['fra1']),
  {
    ...size('gpu-2vcpu-4gb', 2, 4096, 80, 0.001),
    gpu_info: { count: 1, model: 'nvidia_h100', vram: { amount: 80, unit: 'gib' } },
  },
  { ...size('s-2vcpu-4gb-old', 2, 4096, 80, 0.01), available: false },
];

const VPCS = REGIONS.map((region) => ({
  id: `5a4981aa-9653-4bd1-bef5-d6bff52042e${String(REGIONS.indexOf(region))}`,
  urn: 'do:vpc:5a4981aa-9653-4bd1-bef5-d6bff52042e4',
  name: `inside-${region}`,
  description: '',
  region,
  ip_range: '10.10.10.0/24',
  default: false,
  created_at: CREATED,
}));

function size(slug: string, vcpus: number, memory: number, disk: number, price: number, regions = REGIONS) {
  const description = 'Basic';
  const monthly = Math.round(price * 672);
  return {
    slug,
    vcpus,
    memory,
    disk,
    transfer: 4,
    price_hourly: price,
    price_monthly: monthly,
    regions,
    available: true,
    description,
  };
}

function regionDocument(slug: string) {
  return {
    slug,
    name: slug.toUpperCase(),
    features: ['metadata'],
    available: true,
    sizes: SIZES.map((each) => each.slug),
  };
}

function imageDocument(id: number, name: string, slug: string | null, regions: readonly string[]) {
  return {
    id,
    name,
    slug,
    regions,
    type: slug === null ? 'snapshot' : 'base',
    distribution: 'Debian',
    public: slug !== null,
    created_at: CREATED,
    min_disk_size: 7,
    size_gigabytes: 2.34,
    description: '',
    tags: [],
    status: 'available',
  };
}

function snapshotDocument({
  id,
  name,
  region,
}: {
  readonly id: number;
  readonly name: string;
  readonly region: string;
}) {
  return {
    id,
    name,
    type: 'snapshot',
    created_at: CREATED,
    regions: [region],
    min_disk_size: 25,
    size_gigabytes: 2.34,
  };
}

function actionDocument({ id, type, droplet, status }: PeerAction) {
  return {
    id,
    status,
    type,
    started_at: CREATED,
    completed_at: status === 'in-progress' ? null : CREATED,
    resource_id: droplet,
    resource_type: 'droplet',
    region: regionDocument('fra1'),
    region_slug: 'fra1',
  };
}

function dropletDocument({ id, body, region, status, tagged }: PeerDroplet, address?: string) {
  const sold = SIZES.find(({ slug }) => slug === body.size);
  const open = body.public_networking !== false;
  const network = (type: string, ip_address: string) => ({
    ip_address,
    netmask: '255.255.240.0',
    gateway: '198.51.100.1',
    type,
  });
  const v4 = [
    network('private', `10.10.${octets(id)}`),
    ...(open ? [network('public', address ?? `198.51.${octets(id)}`)] : []),
  ];
  const ip = `2001:db8:${(id % 65_536).toString(16)}::1`;
  const v6 = body.ipv6 === true ? [{ ip_address: ip, netmask: 64, gateway: '2001:db8::1', type: 'public' }] : [];
  return {
    id,
    name: body.name as string,
    memory: sold?.memory,
    vcpus: sold?.vcpus,
    disk: sold?.disk,
    locked: false,
    status,
    created_at: CREATED,
    features: [],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image: imageDocument(129_211_873, 'Debian 12 x64', 'debian-12-x64', REGIONS),
    volume_ids: [],
    size: sold,
    size_slug: body.size,
    // Addresses come with the machine.
    networks: status === 'new' ? { v4: [], v6: [] } : { v4, v6 },
    region: regionDocument(region),
    tags: performance.now() >= tagged ? (body.tags as readonly string[]) : [],
    vpc_uuid: body.vpc_uuid ?? VPCS[0]?.id,
  };
}

function octets(id: number): string {
  return `${String(Math.floor(id / 250) % 250)}.${String(id % 250)}`;
}
