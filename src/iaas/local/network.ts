/** The bridge of the local VMs and their way out. Made when missing, the same each time, taken down by {@link removeNetwork}. */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { codeOf } from '../../host/code-of.ts';
import { IaasError } from '../../model/errors.ts';
import type { LocalIaasSpec } from '../../model/iaas/local.ts';
import { bridgeAddress, macOf, overlaps } from './addresses.ts';
import { RUN_DIRECTORY } from './layout.ts';
import { tableName } from './names.ts';
import { renderRules, renderRulesRemoval } from './network-rules.ts';
import { run, tryRun } from './run.ts';

/** Alias of our bridges, by which one of them knows that there are others. */
const ALIAS = 'stratos local';
/** Interfaces on which we turned forwarding on, one a line. */
const CONFINED = `${RUN_DIRECTORY}/confined`;

/**
 * Makes the bridge with its address, and forwarding and masquerading for its traffic alone. A bridge of this name that
 * somebody else made is used as it is. To be called under the network lock.
 * @throws IaasError invalid when the subnet overlaps another network of this machine; unavailable when a tool refuses
 */
export async function ensureNetwork(spec: LocalIaasSpec): Promise<void> {
  const { name, bridge, subnet } = spec;
  const whose = await ownerOf(spec);
  const { address, prefix } = bridgeAddress(subnet);
  const networks = await readNetworks(name);
  if (whose !== 'none') refuseOtherNetwork(spec, networks, whose === 'us' ? `${address}/${prefix}` : undefined);
  if (whose === 'other') return;
  refuseOverlap(spec, networks);
  if (whose === 'none') {
    const link = `link add name ${bridge} address ${macOf(address)} type bridge stp_state 0 forward_delay 0`;
    await ipBatch(name, [link, `link set dev ${bridge} addrgenmode none`]);
  }
  await ipBatch(name, [
    `link set dev ${bridge} alias "${ALIAS}"`,
    `address replace ${address}/${prefix} dev ${bridge}`,
    `link set dev ${bridge} up`,
  ]);
  const confined = await allowForwarding(bridge);
  await run(name, `load the nftables rules of ${bridge}`, 'nft', ['-f', '-'], {
    input: renderRules({ bridge, subnet, confined }),
  });
  // Only now: the rules keep a machine that did not forward from forwarding anything else.
  for (const uplink of confined) await writeForwarding(uplink, '1');
}

/** Ties an address to its MAC, so that the first packet to a booting VM never waits for an answer to "who has". */
export async function pinNeighbour(spec: LocalIaasSpec, address: string, mac: string): Promise<void> {
  await ipBatch(spec.name, [`neighbour replace ${address} lladdr ${mac} dev ${spec.bridge} nud permanent`]);
}

/** Undoes {@link pinNeighbour}; no effect when there is nothing to undo. */
export async function forgetNeighbour(spec: LocalIaasSpec, address: string): Promise<void> {
  await tryRun(spec.name, 'ip', ['neighbour', 'delete', address, 'dev', spec.bridge]);
}

/** Removes an interface that a VM left behind, when nothing answers for it any more. */
export async function removeInterface(iaas: string, name: string): Promise<void> {
  if ((await readText(`/sys/class/net/${name}/ifindex`)) !== undefined)
    await tryRun(iaas, 'ip', ['link', 'delete', 'dev', name]);
}

/**
 * Takes down the bridge and its rules, if they are ours; with the last bridge of ours, forwarding is as it was before us.
 * To be called under the network lock. Returns what it removed.
 */
export async function removeNetwork(spec: LocalIaasSpec): Promise<readonly string[]> {
  const { name, bridge } = spec;
  const removed: string[] = [];
  if ((await ownerOf(spec)) === 'us') {
    await run(name, `remove bridge ${bridge}`, 'ip', ['link', 'delete', 'dev', bridge]);
    removed.push(`bridge ${bridge}`);
  }
  const table = await tryRun(name, 'nft', ['list', 'table', 'inet', tableName(bridge)]);
  if (table.status === 0) {
    const input = renderRulesRemoval(bridge);
    await run(name, `remove the nftables rules of ${bridge}`, 'nft', ['-f', '-'], { input });
    removed.push(`nftables table ${tableName(bridge)}`);
  }
  if (!(await anyBridgeOfOurs())) {
    for (const confined of await confinedInterfaces()) await writeForwarding(confined, '0');
    await rm(RUN_DIRECTORY, { recursive: true, force: true });
  }
  return removed;
}

/** Turns forwarding on for the bridge and for the way out; returns the interfaces where it had been off. */
async function allowForwarding(bridge: string): Promise<readonly string[]> {
  await writeForwarding(bridge, '1');
  const known = await confinedInterfaces();
  const confined = new Set(known);
  for (const name of await uplinks()) {
    if ((await readText(forwardingFile(name))) !== '1') confined.add(name);
  }
  // Written down before it is done: a run that dies in between still puts it back.
  if (confined.size > known.length) {
    await mkdir(RUN_DIRECTORY, { recursive: true });
    await writeFile(CONFINED, [...confined].join('\n'));
  }
  return [...confined];
}

/** What {@link allowForwarding} wrote down; a restart of the machine has undone it, and forgotten it. */
async function confinedInterfaces(): Promise<readonly string[]> {
  const names = (await readText(CONFINED))?.split('\n') ?? [];
  return names.filter((name) => /^[\w.@-]{1,15}$/.test(name));
}

async function anyBridgeOfOurs(): Promise<boolean> {
  const devices = await readdir('/sys/class/net');
  return (await Promise.all(devices.map(interfaceAlias))).includes(ALIAS);
}

/** Interfaces of the default routes. */
async function uplinks(): Promise<readonly string[]> {
  const routes = (await readText('/proc/net/route')) ?? '';
  const fields = routes.split('\n').map((line) => line.split('\t'));
  return [
    ...new Set(
      fields.filter((field) => field[1] === '00000000' && field[7] === '00000000').map((field) => field[0] ?? ''),
    ),
  ];
}

/** A bridge with the network of another spec would leave VMs without a way in. `exactly`: the only address that ours may have. */
function refuseOtherNetwork(spec: LocalIaasSpec, networks: Networks, exactly: string | undefined): void {
  const cidrs = networks.get(spec.bridge) ?? [];
  const fits =
    exactly === undefined ? cidrs.some((cidr) => overlaps(spec.subnet, cidr)) : cidrs.every((cidr) => cidr === exactly);
  if (fits) return;
  throw new IaasError(
    spec.name,
    'invalid',
    `Cannot use bridge ${spec.bridge} for subnet ${spec.subnet} as it carries another network: ${cidrs.join(', ') || 'no address'}`,
    { hint: `set iaas.${spec.name}.bridge to a name that is free` },
  );
}

function refuseOverlap(spec: LocalIaasSpec, networks: Networks): void {
  for (const [device, cidrs] of networks) {
    const other = device === spec.bridge ? undefined : cidrs.find((cidr) => overlaps(spec.subnet, cidr));
    if (other === undefined) continue;
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot use subnet ${spec.subnet} for bridge ${spec.bridge} as it overlaps the network of ${device}: ${other}`,
      { hint: `set iaas.${spec.name}.subnet to a free range` },
    );
  }
}

/** IPv4 addresses of this machine with their prefix, by interface. */
type Networks = ReadonlyMap<string, readonly string[]>;

/** Asks `ip`, as Node tells of interfaces with a carrier only, and a bridge without VMs has none. */
async function readNetworks(iaas: string): Promise<Networks> {
  const text = await run(iaas, 'read the addresses of this machine', 'ip', ['-json', '-4', 'address', 'show']);
  const links = JSON.parse(text) as readonly IpLink[];
  return new Map(
    links.map((link) => [link.ifname, link.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`)]),
  );
}

/** What is read of `ip -json address`. */
interface IpLink {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

async function ipBatch(iaas: string, lines: readonly string[]): Promise<void> {
  await run(iaas, 'set up the network of the VMs', 'ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
}

const forwardingFile = (device: string): string => `/proc/sys/net/ipv4/conf/${device}/forwarding`;

async function writeForwarding(device: string, value: '0' | '1'): Promise<void> {
  await writeFile(forwardingFile(device), value).catch((error: unknown) => {
    // An interface that went away takes its setting with it.
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

/** Whose the bridge is: ours has the MAC of its address from its first moment. */
async function ownerOf(spec: LocalIaasSpec): Promise<'none' | 'us' | 'other'> {
  const mac = await readText(`/sys/class/net/${spec.bridge}/address`);
  if (mac === undefined) return 'none';
  return mac === macOf(bridgeAddress(spec.subnet).address) ? 'us' : 'other';
}

/** Alias of an interface; undefined when there is no such interface. */
async function interfaceAlias(device: string): Promise<string | undefined> {
  return readText(`/sys/class/net/${device}/ifalias`);
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}
