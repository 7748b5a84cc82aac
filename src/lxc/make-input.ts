/**
 * What `scripts/make.sh` reads: one record for each process, of lines `process NAME ROOTFS BASE`, `user SPEC`, `volume PATH`,
 * `disk BYTES`, `limit CONTROLLER VERSION LINE`, `file NAME LINES` with that many lines after it, and `end`. Text that is not ours is only in
 * counted lines, so that it can be mistaken for nothing else.
 */
import { UsageError } from '../model/errors.ts';
import { limitsText } from '../model/limits.ts';
import { Secret } from '../model/secret.ts';
import { renderLauncher } from './launcher.ts';
import { bandwidthText, egressText } from './limits.ts';
import { renderLimits, renderLxcConfig, volumeDirectory } from './lxc-config.ts';
import { processAddress, processMac, publishedPort } from './network.ts';
import { tenantsPlace } from './tenants.ts';
import { stopSignalNumber } from './stop-signal.ts';
import { launchRootfs, mappedRoot, type ProcessLaunch } from './process-launch.ts';

/** Files of a process by name, of what makes its container: `config` among them, to which the VM adds limits. */
export type RuntimeFiles = (launch: ProcessLaunch) => Readonly<Record<string, string>>;

/** What LXC is told. @throws UsageError for a path that it cannot mount */
export const lxcFiles: RuntimeFiles = (launch) => ({ config: renderLxcConfig(launch).join('\n') });

/** Renders the records of processes, with the secrets of their launchers in clear inside. @throws UsageError */
export function renderMakeInput(launches: readonly ProcessLaunch[], files: RuntimeFiles = lxcFiles): Secret {
  return new Secret(launches.map((launch) => renderRecord(launch, files)).join(''));
}

function renderRecord(launch: ProcessLaunch, files: RuntimeFiles): string {
  const { user } = launch.image.run;
  if (!/^([A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?)?$/.test(user)) {
    throw new UsageError(
      `Cannot run ${launch.name} as the user of its image has no valid name: ${JSON.stringify(user)}`,
    );
  }
  return [
    `process ${launch.name} ${launchRootfs(launch)} ${String(mappedRoot(launch))}`,
    ...(user === '' ? [] : [`user ${user}`]),
    ...launch.cartridge.volumes.map((volume) => `volume ${volumeDirectory(launch, volume.name)}`),
    ...(launch.cartridge.resources.disk === undefined ? [] : [`disk ${String(launch.cartridge.resources.disk)}`]),
    ...renderLimits(launch).map(({ controller, version, line }) => `limit ${controller} ${version} ${line}`),
    ...Object.entries(files(launch)).flatMap(([name, text]) => file(name, text)),
    ...file('stratos/init', renderLauncher(launch).reveal().replace(/\n$/, '')),
    ...file('stratos/hosts', renderHosts(launch)),
    ...renderTenants(launch),
    ...file('network', renderNetwork(launch)),
    ...renderTraffic(launch),
    ...file('stop', String(stopSignalNumber(launch.image.run.stopSignal))),
    ...file('label.json', JSON.stringify(renderLabel(launch))),
    'end',
    '',
  ].join('\n');
}

/** The list that it begins with counts as told. */
function renderTenants({ cartridge, tenants = '{}' }: ProcessLaunch): readonly string[] {
  if (!cartridge.tenants) return [];
  return [...file(`tenants/${tenantsPlace(cartridge.tenants).name}`, tenants), ...file('tenants.told', tenants)];
}

function file(name: string, text: string): readonly string[] {
  return [`file ${name} ${String(text.split('\n').length)}`, text];
}

/** Only where there is a limit. */
function renderTraffic({ cartridge }: ProcessLaunch): readonly string[] {
  const [bandwidth, egress] = [bandwidthText(cartridge.resources), egressText(cartridge.resources)];
  return [
    ...(bandwidth === undefined ? [] : file('bandwidth', bandwidth)),
    ...(egress === undefined ? [] : file('egress', egress)),
  ];
}

/** What the inventory can be rebuilt from. `lineage` and `fingerprint` in this order and form are what scripts look for. */
function renderLabel(launch: ProcessLaunch): Readonly<Record<string, unknown>> {
  const { lineage, subscription, ordinal, index, image, fingerprint, cartridge } = launch;
  return {
    lineage,
    subscription,
    ordinal,
    index,
    image: image.digest,
    fingerprint,
    ports: cartridge.ports.map(({ port }) => port),
    // Last, where `scripts/limit.sh` puts them.
    limits: limitsText(cartridge.resources),
  };
}

/** `ADDRESS MAC PUBLISHED:PORT…`: what hooks need of the process's network. */
function renderNetwork(launch: ProcessLaunch): string {
  const { network, index, cartridge } = launch;
  const ports = cartridge.ports.map(({ port }, n) => `${String(publishedPort(index, n))}:${String(port)}`);
  return [processAddress(network, index), processMac(network, index), ...ports].join(' ');
}

function renderHosts(launch: ProcessLaunch): string {
  return `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${processAddress(launch.network, launch.index)} ${launch.name}`;
}
