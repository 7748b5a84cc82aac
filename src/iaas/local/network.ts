/** The bridge of the local VMs and their way out. Made when missing, the same each time, taken down by {@link removeNetwork}. */
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import type { LocalIaasSpec } from '../../model/spec.ts';
import { bridgeAddress, macOf, overlaps } from './addresses.ts';
import { renderRules, renderRulesRemoval } from './network-rules.ts';
import { run, tryRun } from './run.ts';

/** Alias of interfaces we made; anything without it is somebody else's and stays as it is. */
const ALIAS = 'stratos local';

/**
 * Makes the bridge with its address, and forwarding and masquerading for its traffic alone. A bridge of this name that
 * somebody else made is used as it is. To be called under the root's network lock.
 * @throws IaasError invalid when the subnet overlaps another network of this machine; unavailable when a tool refuses
 */
export async function ensureNetwork(spec: LocalIaasSpec): Promise<void> {
  const { name, bridge, subnet } = spec;
  const alias = await interfaceAlias(bridge);
  if (alias !== undefined && alias !== ALIAS) return;
  refuseOverlap(spec);
  const { address, prefix } = bridgeAddress(subnet);
  if (alias === undefined) {
    const link = `link add name ${bridge} address ${macOf(address)} type bridge stp_state 0 forward_delay 0`;
    // The alias comes before the address: what is there is ours from its first moment.
    await ipBatch(name, [link, `link set dev ${bridge} alias "${ALIAS}"`, `link set dev ${bridge} addrgenmode none`]);
  }
  await ipBatch(name, [`address replace ${address}/${prefix} dev ${bridge}`, `link set dev ${bridge} up`]);
  const confined = await allowForwarding(spec);
  await run(name, `load the nftables rules of ${bridge}`, 'nft', ['-f', '-'], {
    input: renderRules({ bridge, subnet, confined }),
  });
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

/** Takes down the bridge and its rules, if they are ours, and puts forwarding back. Returns what it removed. */
export async function removeNetwork(spec: LocalIaasSpec): Promise<readonly string[]> {
  const { name, bridge } = spec;
  const removed: string[] = [];
  if ((await interfaceAlias(bridge)) === ALIAS) {
    await run(name, `remove bridge ${bridge}`, 'ip', ['link', 'delete', 'dev', bridge]);
    removed.push(`bridge ${bridge}`);
  }
  const table = await tryRun(name, 'nft', ['list', 'table', 'inet', `stratos-${bridge}`]);
  if (table.status === 0) {
    await run(name, `remove the nftables rules of ${bridge}`, 'nft', ['-f', '-'], {
      input: renderRulesRemoval(bridge),
    });
    removed.push(`nftables table stratos-${bridge}`);
  }
  for (const confined of await confinedInterfaces(spec)) await writeForwarding(confined, '0');
  return removed;
}

/** Turns forwarding on for the bridge and for the way out; returns the interfaces where it had been off. */
async function allowForwarding(spec: LocalIaasSpec): Promise<readonly string[]> {
  await writeForwarding(spec.bridge, '1');
  const known = await confinedInterfaces(spec);
  const confined = new Set(known);
  for (const name of await uplinks()) {
    if ((await readText(forwardingFile(name))) === '1') continue;
    confined.add(name);
  }
  // Written down before it is done: a run that dies in between still puts it back.
  if (confined.size > known.length)
    await writeFile(stateFile(spec), JSON.stringify({ boot: await bootId(), confined: [...confined] }));
  for (const name of confined) await writeForwarding(name, '1');
  return [...confined];
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

/** What {@link allowForwarding} wrote down since this boot; a restart of the machine has undone the rest by itself. */
async function confinedInterfaces(spec: LocalIaasSpec): Promise<readonly string[]> {
  const text = await readText(stateFile(spec));
  if (text === undefined) return [];
  try {
    const state = JSON.parse(text) as { boot?: unknown; confined?: unknown };
    if (state.boot !== (await bootId()) || !Array.isArray(state.confined)) return [];
    return state.confined.filter((name): name is string => typeof name === 'string' && /^[\w.@-]{1,15}$/.test(name));
  } catch {
    return [];
  }
}

function refuseOverlap(spec: LocalIaasSpec): void {
  for (const [device, addresses] of Object.entries(networkInterfaces())) {
    if (device === spec.bridge) continue;
    const other = addresses?.find(
      (entry) => entry.family === 'IPv4' && entry.cidr !== null && overlaps(spec.subnet, entry.cidr),
    );
    if (other?.cidr == null) continue;
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot use subnet ${spec.subnet} for bridge ${spec.bridge} as it overlaps the network of ${device}: ${other.cidr}`,
      { hint: `set iaas.${spec.name}.subnet to a free range` },
    );
  }
}

async function ipBatch(iaas: string, lines: readonly string[]): Promise<void> {
  await run(iaas, 'set up the network of the VMs', 'ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
}

const stateFile = (spec: LocalIaasSpec): string => path.join(spec.root, 'network.json');
const forwardingFile = (device: string): string => `/proc/sys/net/ipv4/conf/${device}/forwarding`;
const bootId = async (): Promise<string> => (await readText('/proc/sys/kernel/random/boot_id')) ?? '';

async function writeForwarding(device: string, value: '0' | '1'): Promise<void> {
  await writeFile(forwardingFile(device), value).catch((error: unknown) => {
    // An interface that went away takes its setting with it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
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
