/** Ports and host names of subscriptions: they are one for all subscriptions of a partition. */
import { PORT_BASE } from '../lxc/network.ts';
import { gatewayHome, type CartridgeSpec, type PartitionSpec, type PortSpec } from '../model/spec.ts';
import type { RawSubscription } from './raw/workloads.ts';
import { sound } from './resolve-context.ts';
import type { ReportOptions, ResolveContext } from './resolve-context.ts';
import type { Entry } from './spec-files.ts';
import type { YamlPath } from './yaml-source.ts';

const SSH_PORT = 22;
/** Where host names decide; an http subscription that has it gets what no host name claims. */
const HOSTS_PORT = 80;

/** The host names of a subscription and its tenants, as they are compared. */
export function hostsOf(raw: RawSubscription): readonly string[] {
  return namedHosts(raw).map(({ host }) => host);
}

/** A host name, where it stands, and the tenant that has it. */
interface NamedHost {
  readonly host: string;
  readonly path: YamlPath;
  readonly tenant?: string;
}

function namedHosts({ hosts = [], tenants }: RawSubscription): readonly NamedHost[] {
  return [
    ...hosts.map((host, index) => ({ host: host.toLowerCase(), path: ['hosts', index] })),
    ...Object.entries(tenants ?? {}).flatMap(([tenant, own]) =>
      (own?.hosts ?? []).map((host, index) => {
        const path: YamlPath = ['tenants', tenant, 'hosts', index];
        return { host: host.toLowerCase(), path, tenant };
      }),
    ),
  ];
}

/** Reports ports and host names that lead nowhere, that cannot be had, or that two subscriptions of a partition want. */
export function checkTraffic(
  context: ResolveContext,
  cartridges: Readonly<Record<string, CartridgeSpec>>,
  partitions: Readonly<Record<string, PartitionSpec>>,
): void {
  const taken = new Map<string, string>();
  for (const entry of sound(context, 'subscriptions')) {
    const raw = entry.value as RawSubscription;
    const report: Report = (path, message, options) => {
      context.report('subscriptions', entry, path, message, options);
    };
    checkPort(entry, raw, report);
    const cartridge = Object.hasOwn(cartridges, raw.cartridge) ? cartridges[raw.cartridge] : undefined;
    if (!cartridge) continue;
    checkTarget(entry, raw, cartridge, report);
    checkTaken(entry, raw, gatewayHome(partitions, cartridge.partition), cartridge, taken, report);
  }
}

type Report = (path: YamlPath, message: string, options?: ReportOptions) => void;

function checkPort({ name }: Entry, { port }: RawSubscription, report: Report): void {
  if (port === SSH_PORT) report(['port'], `Port of ${name} must not be the one of SSH: ${String(port)}`);
  if (port !== undefined && port >= PORT_BASE) {
    const rule = `must be below ${String(PORT_BASE)}, where the published ports of processes begin`;
    report(['port'], `Port of ${name} ${rule}: ${String(port)}`);
  }
}

/** The port of a cartridge that traffic goes to, as the gateway chooses it. */
export function trafficPort({ ports, health }: CartridgeSpec): PortSpec | undefined {
  return ports.find(({ name }) => name === 'http') ?? ports.find(({ name }) => name === health.port) ?? ports[0];
}

function checkTarget({ name }: Entry, raw: RawSubscription, cartridge: CartridgeSpec, report: Report): void {
  const port = trafficPort(cartridge);
  if (raw.port !== undefined && !port)
    report(['port'], `port of ${name} leads nowhere: cartridge ${cartridge.name} has no ports`, { anchor: 'key' });
  if (hostsOf(raw).length > 0 && port?.protocol !== 'http') {
    const why = port ? `its port ${port.name} speaks tcp, not http` : 'it has no ports';
    report(
      raw.hosts ? ['hosts'] : ['tenants'],
      `hosts of ${name} lead nowhere on cartridge ${cartridge.name}: ${why}`,
      { anchor: 'key' },
    );
  }
}

function checkTaken(
  { name }: Entry,
  raw: RawSubscription,
  partition: string,
  cartridge: CartridgeSpec,
  taken: Map<string, string>,
  report: Report,
): void {
  const where = `in partition ${partition}`;
  const claim = (thing: string, claimant: string): string | undefined => {
    const key = `${partition} ${thing}`;
    const first = taken.get(key);
    if (first === undefined) taken.set(key, claimant);
    return first === claimant ? undefined : first;
  };
  const hosts = hostsOf(raw);
  if (raw.port !== undefined) {
    const first = claim(`port ${String(raw.port)}`, name);
    if (first !== undefined) report(['port'], `Port ${String(raw.port)} is taken ${where}: by ${first}`);
  }
  // Host names share port 80 with a subscription that speaks http; one that speaks tcp would take it whole.
  if (raw.port === HOSTS_PORT && trafficPort(cartridge)?.protocol === 'tcp') {
    const first = claim('port 80 by name', `${name} (tcp)`);
    if (first !== undefined) report(['port'], `Port 80 is taken ${where}: by the host names of ${first}`);
  } else if (hosts.length > 0) {
    const first = taken.get(`${partition} port 80 by name`);
    if (first?.endsWith('(tcp)')) report(['hosts'], `Host names need port 80, which is taken ${where}: by ${first}`);
    else claim('port 80 by name', name);
  }
  namedHosts(raw).forEach(({ host, path, tenant }, index) => {
    const first = hosts.indexOf(host) < index ? name : claim(`host ${host}`, name);
    if (first !== undefined) {
      report(path, `Host name ${host} is taken ${where}: by ${first}`);
      return;
    }
    // The host name of a tenant is one in the whole spec: it stands for somebody, wherever that is served.
    const anywhere = taken.get(`tenant ${host}`) ?? (tenant === undefined ? undefined : taken.get(`anybody ${host}`));
    if (anywhere !== undefined) report(path, `Host name ${host} is taken: by ${anywhere}`);
    taken.set(`${tenant === undefined ? 'anybody' : 'tenant'} ${host}`, name);
  });
}
