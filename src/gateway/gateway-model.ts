/** What a VM's gateway serves, as data: which ports and host names lead to which processes, and how those are checked. */
import { gatewayAddress, processAddress, publishedPort, wakePort } from '../lxc/network.ts';
import { wakesOnRequest } from '../lxc/sleep.ts';
import type { ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { Millis } from '../model/quantity.ts';
import {
  gatewayHome,
  type CartridgeSpec,
  type PortSpec,
  type Spec,
  type SubscriptionSpec,
  type TenantSpec,
} from '../model/spec.ts';
import type { GatewayPassage } from './passages.ts';

/** The gateway of one VM. */
export interface GatewayModel {
  readonly vm: string;
  /** By alias, each alias once. */
  readonly services: readonly GatewayService[];
  /** What its processes reach in other partitions. Undefined: nothing. */
  readonly passages?: readonly GatewayPassage[];
}

/** A subscription as the gateway sees it. */
export interface GatewayService {
  readonly alias: string;
  readonly mode: 'http' | 'tcp';
  /** Port on the VM; undefined: reached by `hosts` only. */
  readonly port?: number;
  /** Host names on port 80; only http services have any. */
  readonly hosts: readonly string[];
  /** Whose host names are whose, where processes serve tenants; they are told by a header. Undefined: no tenants. */
  readonly tenants?: readonly TenantSpec[];
  readonly health: GatewayHealth;
  /** When a client that found nobody may come again, in seconds: a run of Stratos must wake somebody first. Undefined: soon. */
  readonly retryAfter?: number;
  /** By name, in natural order. */
  readonly servers: readonly GatewayServer[];
}

/** How servers are checked; without a path: the port accepts connections. */
export interface GatewayHealth {
  readonly path?: string;
  readonly interval: Millis;
  readonly timeout: Millis;
}

/** One process, at the address where this VM reaches it. */
export interface GatewayServer {
  /** The process's name. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Share of the requests, among servers that have weights; 0 gets none. */
  readonly weight?: number;
  /** Where the check goes if not to `port`. */
  readonly checkPort?: number;
  /** Where a connection wakes it when it sleeps; asked only while no process of the service is up. */
  readonly wake?: { readonly address: string; readonly port: number };
}

export interface GatewayInput {
  readonly spec: Spec;
  readonly partition: string;
  /** The VM the gateway is on. */
  readonly vm: VmRecord;
  /** All VMs of the partition, and of those whose gateways are on it; others are ignored. */
  readonly vms: readonly VmRecord[];
  /** The processes that shall be in rotation: the caller has left out those that are not ready or that leave. */
  readonly processes: readonly ProcessRecord[];
  /** By process name: those of subscriptions whose requests are not shared evenly. Undefined: none. */
  readonly weights?: ReadonlyMap<string, number>;
}

/**
 * The gateway of `vm`. A process of the same VM is reached at its own address, one of another VM at that VM's published port; a
 * process whose VM has no address yet, or whose subscription is not of this partition, is left out. The result does not depend
 * on the order of the input.
 */
export function gatewayModel(input: GatewayInput): GatewayModel {
  const bySubscription = Map.groupBy(input.processes, (process) => process.subscription);
  const look: Look = { ...input, bySubscription, byName: new Map(input.vms.map((vm) => [vm.name, vm])) };
  const services = Object.values(input.spec.subscriptions).flatMap((subscription) => serviceOf(look, subscription));
  return { vm: input.vm.name, services: services.sort((a, b) => compare(a.alias, b.alias)) };
}

/** The input, so indexed that no service looks at the processes of others. */
interface Look extends GatewayInput {
  readonly bySubscription: ReadonlyMap<string, readonly ProcessRecord[]>;
  readonly byName: ReadonlyMap<string, VmRecord>;
}

/** No service for a subscription of another partition, one that asks for neither a port nor hosts, and a cartridge without a port. */
function serviceOf(input: Look, subscription: SubscriptionSpec): readonly GatewayService[] {
  const cartridge = input.spec.cartridges[subscription.cartridge];
  if (!cartridge || gatewayHome(input.spec.partitions, cartridge.partition) !== input.partition) return [];
  if (subscription.port === undefined && subscription.hosts.length === 0) return [];
  const ports = portsOf(cartridge);
  if (!ports) return [];
  const { health } = cartridge;
  const mode = ports.service.port.protocol;
  const servers = (input.bySubscription.get(subscription.alias) ?? [])
    .flatMap((process) => serverOf(input, process, ports, wakesOnRequest(subscription)))
    .sort((a, b) => natural(a.name, b.name));
  return [
    {
      alias: subscription.alias,
      mode,
      ...(subscription.port === undefined ? {} : { port: subscription.port }),
      hosts: mode === 'http' ? [...new Set(subscription.hosts.map((host) => host.toLowerCase()))].sort(compare) : [],
      ...(cartridge.tenants ? { tenants: subscription.tenants ?? [] } : {}),
      health: {
        ...(health.path !== undefined && ports.check.port.protocol === 'http' ? { path: health.path } : {}),
        interval: health.interval,
        timeout: health.timeout,
      },
      ...(cartridge.runtime === 'vm' && wakesOnRequest(subscription) ? { retryAfter: WOKEN_BY_RUN } : {}),
      servers,
    },
  ];
}

/** A run of each minute, and the start of a machine: a client that asks twice in that time is no burden. */
const WOKEN_BY_RUN = 30;

interface ServicePorts {
  readonly service: NumberedPort;
  readonly check: NumberedPort;
}
interface NumberedPort {
  readonly port: PortSpec;
  /** Its place in the cartridge's order, from 0. */
  readonly n: number;
}

/**
 * Traffic goes to the port named `http`, else to the one that health asks, else to the first; the check goes to the one that
 * health asks, so a cartridge may answer for its health on a port of its own.
 */
function portsOf(cartridge: CartridgeSpec): ServicePorts | undefined {
  const named = (name: string | undefined): NumberedPort | undefined => {
    const n = cartridge.ports.findIndex((port) => port.name === name);
    const port = cartridge.ports[n];
    return port && { port, n };
  };
  const [first] = cartridge.ports;
  const asked = named(cartridge.health.port) ?? (first && { port: first, n: 0 });
  const service = named('http') ?? asked;
  return asked && service && { service, check: asked };
}

/** The port inside a process where its gateway's traffic goes; undefined for a cartridge without ports. */
export function trafficPort(cartridge: CartridgeSpec): PortSpec | undefined {
  return portsOf(cartridge)?.service.port;
}

/** The process as this VM reaches it; none when its VM has no address. */
function serverOf(input: Look, process: ProcessRecord, ports: ServicePorts, wakes: boolean): readonly GatewayServer[] {
  const { service, check } = ports;
  const network = input.spec.partitions[input.partition]?.network;
  const weight = input.weights?.get(process.name);
  const server = (address: string, port: number, checkPort: number, waker: string): GatewayServer => ({
    name: process.name,
    address,
    port,
    ...(weight === undefined ? {} : { weight }),
    ...(checkPort === port ? {} : { checkPort }),
    ...(wakes ? { wake: { address: waker, port: wakePort(process.index) } } : {}),
  });
  if (process.vm === input.vm.name) {
    if (network === undefined) return [];
    const address = processAddress(network, process.index);
    return [server(address, service.port.port, check.port.port, gatewayAddress(network))];
  }
  const vm = input.byName.get(process.vm);
  if (vm?.endpoint === undefined || gatewayHome(input.spec.partitions, vm.partition) !== input.partition) return [];
  // It is the process itself: its ports are the machine's, and nobody is there to be asked to wake it.
  if (vm.runtime === 'vm') {
    const { wake: _, ...own } = server(vm.endpoint.address, service.port.port, check.port.port, '');
    return [own];
  }
  const published = (port: NumberedPort) => publishedPort(process.index, port.n);
  const { address } = vm.endpoint;
  return [server(address, published(service), published(check), address)];
}

/** By code unit, so that no locale changes a configuration. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `shop-2` before `shop-10`. */
function natural(a: string, b: string): number {
  const [, stemA = a, numberA = ''] = /^(.*?)(\d*)$/.exec(a) ?? [];
  const [, stemB = b, numberB = ''] = /^(.*?)(\d*)$/.exec(b) ?? [];
  return compare(stemA, stemB) || Number(numberA) - Number(numberB) || compare(a, b);
}
