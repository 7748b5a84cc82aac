/** `cartridges:` and `subscriptions:`. */
import { posix } from 'node:path';
import { PORTS_PER_PROCESS } from '../lxc/network.ts';
import { formatBytes } from '../model/quantity.ts';
import type {
  CartridgeSpec,
  HealthSpec,
  PartitionSpec,
  PortSpec,
  SubscriptionSpec,
  VolumeSpec,
} from '../model/spec.ts';
import type { VmSize } from '../model/vm-size.ts';
import type { RawIdlePolicy, RawRolloutPolicy, RawScalingPolicy } from './raw/policies.ts';
import type { RawCartridge, RawSubscription } from './raw/workloads.ts';
import { checkTraffic, hostsOf } from './check-traffic.ts';
import { boundsOf, projectPath, sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import { USER_DATA } from '../model/runtime.ts';
import { checkGuestCartridge, checkGuestSubscription } from './check-guests.ts';
import { guestLogin } from './guest-login.ts';
import { checkRuntime, checkSnapshots } from './check-runtime.ts';
import { checkNeighbours } from './check-neighbours.ts';
import { tellAt } from './policy-place.ts';
import { durationOf } from './read-quantity.ts';
import { checkDisk, resourcesOf } from './resolve-resources.ts';
import { egressOf } from './resolve-egress.ts';
import { envOf } from './resolve-env.ts';
import { checkSleep, idlePolicy } from './resolve-idle.ts';
import { checkNeeds, outputsOf, resolvedNeeds } from './resolve-needs.ts';
import { referred } from './resolve-policies.ts';
import { rolloutPolicy } from './resolve-rollout.ts';
import { scalingPolicy } from './resolve-scaling.ts';
import { checkTenants, tenantList, tenantsOf } from './resolve-tenants.ts';
import { showValue } from './show-value.ts';
import type { Entry } from './spec-files.ts';
import { suggest } from './suggest.ts';

/** All usable cartridges by name. */
export function resolveCartridges(
  context: ResolveContext,
  partitions: Readonly<Record<string, PartitionSpec>>,
): Readonly<Record<string, CartridgeSpec>> {
  const result = sound(context, 'cartridges').map((entry): [string, CartridgeSpec] => {
    const raw = entry.value as RawCartridge;
    const ports = portsOf(context, entry, raw);
    const outputs = outputsOf(context, entry);
    const tenants = tenantsOf(context, entry);
    const egress = egressOf(context, entry);
    const ssh = raw.ssh && guestLogin(context, entry, raw.ssh);
    const spec: CartridgeSpec = {
      name: entry.name,
      image: raw.runtime === 'vm' && raw.image.startsWith('.') ? projectPath(context.directory, raw.image) : raw.image,
      partition: raw.partition,
      ports,
      health: healthOf(context, entry, raw, ports),
      resources: { ...resourcesOf(raw), ...(egress ? { egress } : {}) },
      env: {
        ...envOf(context, 'cartridges', entry, raw.env),
        ...(raw.userData === undefined
          ? {}
          : { [USER_DATA]: { kind: 'file', path: projectPath(context.directory, raw.userData) } }),
      },
      volumes: volumesOf(context, entry, raw),
      ...(raw.command === undefined ? {} : { command: raw.command }),
      security: { privileged: raw.security?.privileged ?? false },
      runtime: raw.runtime ?? 'lxc',
      ...(outputs ? { outputs } : {}),
      ...(tenants ? { tenants } : {}),
      ...(ssh && { ssh }),
    };
    checkRuntime(context, entry, spec);
    checkDisk(context, entry, spec);
    checkGuestCartridge(context, entry, spec);
    if (
      context.requireName('partitions', raw.partition, 'cartridges', entry, ['partition']) &&
      Object.hasOwn(partitions, raw.partition)
    )
      checkFits(context, entry, spec, partitions[raw.partition]);
    return [entry.name, spec];
  });
  return Object.fromEntries(result);
}

/** All usable subscriptions by alias. */
export function resolveSubscriptions(
  context: ResolveContext,
  cartridges: Readonly<Record<string, CartridgeSpec>>,
  partitions: Readonly<Record<string, PartitionSpec>>,
): Readonly<Record<string, SubscriptionSpec>> {
  const result: [string, SubscriptionSpec][] = [];
  for (const entry of sound(context, 'subscriptions')) {
    const raw = entry.value as RawSubscription;
    const place = (key: string) => ({ section: 'subscriptions' as const, entry, path: [key] });
    context.requireName('cartridges', raw.cartridge, 'subscriptions', entry, ['cartridge']);
    const scaling = referred<RawScalingPolicy>(context, 'scaling', raw.scaling, place('scaling'));
    const rollout = referred<RawRolloutPolicy>(context, 'rollout', raw.rollout, place('rollout'));
    const idle = raw.idle === undefined ? undefined : referred<RawIdlePolicy>(context, 'idle', raw.idle, place('idle'));
    const hosts = hostsOf(raw);
    const env = envOf(context, 'subscriptions', entry, raw.env);
    const needs = resolvedNeeds(raw);
    const tenants = tenantList(raw);
    if (!scaling || !rollout) continue;
    const spec: SubscriptionSpec = {
      alias: entry.name,
      cartridge: raw.cartridge,
      ...(raw.image === undefined ? {} : { image: raw.image }),
      ...(raw.revision === undefined ? {} : { revision: raw.revision }),
      scaling: scalingPolicy(scaling.name, scaling.raw, boundsOf(raw.processes ?? scaling.raw.processes)),
      rollout: rolloutPolicy(rollout.name, rollout.raw),
      ...(idle ? { idle: idlePolicy(idle.name, idle.raw) } : {}),
      spread: raw.spread ?? false,
      near: raw.near ?? [],
      apart: raw.apart ?? [],
      ...(raw.port === undefined ? {} : { port: raw.port }),
      hosts,
      env,
      ...(needs ? { needs } : {}),
      ...(tenants ? { tenants } : {}),
    };
    const cartridge = Object.hasOwn(cartridges, raw.cartridge) ? cartridges[raw.cartridge] : undefined;
    if (cartridge) {
      checkSleep(tellAt(context, place('idle')), spec, cartridge);
      checkGuestSubscription(context, entry, spec, cartridge, partitions);
      checkSnapshots(context, entry, spec, cartridge);
    }
    result.push([entry.name, spec]);
  }
  checkTraffic(context, cartridges, partitions);
  checkTenants(context, cartridges);
  const subscriptions = Object.fromEntries(result);
  checkNeighbours(context, subscriptions, cartridges);
  checkNeeds(context, subscriptions, cartridges);
  return subscriptions;
}

function portsOf(context: ResolveContext, entry: Entry, raw: RawCartridge): readonly PortSpec[] {
  const ports: PortSpec[] = [];
  for (const [name, value] of Object.entries(raw.ports ?? {})) {
    const given = typeof value === 'number' ? { port: value } : value;
    const twin = ports.find((other) => other.port === given.port);
    if (twin)
      context.report(
        'cartridges',
        entry,
        ['ports', name],
        `Ports ${twin.name} and ${name} of ${entry.name} must differ: ${String(given.port)}`,
      );
    ports.push({ name, port: given.port, protocol: given.protocol ?? (name === 'http' ? 'http' : 'tcp') });
  }
  if (ports.length > PORTS_PER_PROCESS)
    context.report(
      'cartridges',
      entry,
      ['ports'],
      `A cartridge must not have more than ${String(PORTS_PER_PROCESS)} ports: ${entry.name} has ${String(ports.length)}`,
      { anchor: 'key' },
    );
  return ports;
}

function healthOf(context: ResolveContext, entry: Entry, raw: RawCartridge, ports: readonly PortSpec[]): HealthSpec {
  const health = raw.health ?? {};
  const port = health.port === undefined ? ports[0] : ports.find(({ name }) => name === health.port);
  if (health.port !== undefined && !port)
    context.report(
      'cartridges',
      entry,
      ['health', 'port'],
      `health.port of ${entry.name} must be one of its ports: ${showValue(health.port)}`,
      {
        suggestion: suggest(
          health.port,
          ports.map(({ name }) => name),
        ),
      },
    );
  else if (health.path !== undefined && port?.protocol !== 'http')
    context.report(
      'cartridges',
      entry,
      ['health', 'path'],
      port
        ? `health.path needs a port that speaks http: port ${port.name} of ${entry.name} is tcp`
        : `health.path needs a port: ${entry.name} has none`,
      { anchor: 'key' },
    );
  return {
    ...(port ? { port: port.name } : {}),
    ...(health.path === undefined ? {} : { path: health.path }),
    interval: durationOf(health.interval, 1000),
    timeout: durationOf(health.timeout, 1000),
    startup: durationOf(health.startup, 60_000),
  };
}

function volumesOf(context: ResolveContext, entry: Entry, raw: RawCartridge): readonly VolumeSpec[] {
  const volumes: VolumeSpec[] = [];
  for (const [name, given] of Object.entries(raw.volumes ?? {})) {
    const path = posix.normalize(given).replace(/(.)\/$/, '$1');
    const at = ['volumes', name];
    if (given.split('/').includes('..') || path === '/')
      context.report(
        'cartridges',
        entry,
        at,
        `Volume ${name} of ${entry.name} must be at an absolute path below /, without "..": ${showValue(given)}`,
      );
    const twin = volumes.find(
      (other) => other.path === path || other.path.startsWith(`${path}/`) || path.startsWith(`${other.path}/`),
    );
    if (twin)
      context.report(
        'cartridges',
        entry,
        at,
        `Volumes ${twin.name} and ${name} of ${entry.name} must not be inside one another: ${showValue(given)}`,
      );
    volumes.push({ name, path });
  }
  return volumes;
}

/** Reports a process that no VM of its partition could ever take, whatever its size. */
function checkFits(
  context: ResolveContext,
  entry: Entry,
  spec: CartridgeSpec,
  partition: PartitionSpec | undefined,
): void {
  if (!partition) return;
  const sizes = partition.placement.flatMap<VmSize>((place) => place.sizes ?? [partition.policy.vm]);
  const raw = (entry.value as RawCartridge).resources;
  const at = (key: 'memory' | 'cpu') => (raw?.[key] === undefined ? [] : ['resources', key]);
  const { memory, cpu } = spec.resources;
  const who = `A process of ${entry.name} must fit a VM of partition ${partition.name}`;
  if (sizes.some((size) => memory <= size.memory && cpu <= size.cpu)) return;
  const most = {
    memory: Math.max(...sizes.map((size) => size.memory)),
    cpu: Math.max(...sizes.map((size) => size.cpu)),
  };
  const has = sizes.length === 1 ? 'a VM has' : 'the largest has';
  const tell = (key: 'memory' | 'cpu', message: string): void => {
    context.report('cartridges', entry, at(key), `${who}: ${message}`);
  };
  if (memory > most.memory)
    tell('memory', `it needs ${formatBytes(memory)} of memory, ${has} ${formatBytes(most.memory)}`);
  if (cpu > most.cpu) tell('cpu', `it needs ${String(cpu)} CPU, ${has} ${String(most.cpu)}`);
  if (memory <= most.memory && cpu <= most.cpu)
    tell('memory', `no size has both ${formatBytes(memory)} of memory and ${String(cpu)} CPU`);
}
