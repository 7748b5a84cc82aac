/** The files of ours on a VM: units, hooks, and the paths that hooks need. */
import { quote } from '../shell/quote.ts';
import layerServe from './hooks/layer-serve.sh';
import layerWhole from './scripts/layer-whole.sh';
import imageMount from './hooks/image-mount.sh';
import podmanCrun from './hooks/podman-crun.sh';
import podmanDown from './hooks/podman-down.sh';
import podmanExec from './hooks/podman-exec.sh';
import podmanRun from './hooks/podman-run.sh';
import networkUp from './hooks/network-up.sh';
import processDisk from './hooks/process-disk.sh';
import processDown from './hooks/process-down.sh';
import processExec from './hooks/process-exec.sh';
import processRun from './hooks/process-run.sh';
import processShape from './hooks/process-shape.sh';
import processStop from './hooks/process-stop.sh';
import processWake from './hooks/process-wake.sh';
import traffic from './hooks/traffic.sh';
import processesUp from './hooks/processes-up.sh';
import { BRIDGE, LAYOUT, UNITS } from './layout.ts';
import { formatAddress, gatewayAddress, parseCidr, processCapacity, WAKE_PORT_BASE, wakePort } from './network.ts';
import { CONTAINERS_CONF, STORAGE_CONF } from './podman.ts';
import networkUnit from './units/stratos-network.service';
import processUnit from './units/stratos-process@.service';
import processesUnit from './units/stratos-processes.service';
import wakeUnit from './units/stratos-wake@.service';
import wakeSocketUnit from './units/stratos-wake@.socket';

/** What the files depend on. */
export interface PreparedFilesInput {
  /** IPv4 CIDR of the VM's processes. */
  readonly network: string;
  /** Further systemd units to install and enable, by name: the gateway's. */
  readonly units: Readonly<Record<string, string>>;
  /** Whether processes are to be containers of podman, too. */
  readonly podman?: boolean;
}

export interface PreparedFile {
  readonly path: string;
  /** Octal. */
  readonly mode: string;
  readonly text: string;
}

const PODMAN_HOOKS = {
  'podman-run': podmanRun,
  'podman-crun': podmanCrun,
  'podman-down': podmanDown,
  'podman-exec': podmanExec,
};

const PODMAN_SETTINGS: readonly PreparedFile[] = [
  { path: `${LAYOUT.bin}/containers.conf`, mode: '644', text: CONTAINERS_CONF },
  { path: `${LAYOUT.bin}/storage.conf`, mode: '644', text: STORAGE_CONF },
];

const SYSTEMD = '/etc/systemd/system';

/** Every file that a preparation installs, in a fixed order. */
export function preparedFiles(input: PreparedFilesInput): readonly PreparedFile[] {
  const hooks = {
    'layer-whole': layerWhole,
    'image-mount': imageMount,
    'layer-serve': layerServe,
    'network-up': networkUp,
    'processes-up': processesUp,
    'process-run': processRun,
    'process-stop': processStop,
    'process-down': processDown,
    'process-disk': processDisk,
    'process-exec': processExec,
    'process-shape': processShape,
    'process-wake': processWake,
    traffic,
    ...(input.podman ? PODMAN_HOOKS : {}),
  };
  const units = {
    [UNITS.network]: networkUnit,
    [UNITS.processes]: processesUnit,
    [UNITS.processTemplate]: processUnit,
    [UNITS.wakeTemplate]: wakeUnit,
    [UNITS.wakeSocketTemplate]: wakeSocketUnit,
    ...input.units,
  };
  return [
    { path: `${LAYOUT.bin}/layout`, mode: '644', text: renderLayout(input.network) },
    ...Object.entries(hooks).map(([name, text]) => ({ path: `${LAYOUT.bin}/${name}`, mode: '755', text })),
    ...Object.entries(units).map(([name, text]) => ({
      path: `${SYSTEMD}/${name}`,
      mode: '644',
      text: text.replaceAll('@bin@', LAYOUT.bin).replaceAll('@gateway@', gatewayAddress(input.network)),
    })),
    ...(input.podman ? PODMAN_SETTINGS : []),
    { path: '/etc/sysctl.d/90-stratos.conf', mode: '644', text: 'net.ipv4.ip_forward = 1\n' },
  ];
}

/** Writes files for `scripts/prepare.sh`: `file MODE PATH LINES`, then that many lines. */
export function renderFiles(files: readonly PreparedFile[]): string {
  return files
    .map(({ path, mode, text }) => {
      const lines = text.replace(/\n$/, '').split('\n');
      return [`file ${mode} ${path} ${String(lines.length)}`, ...lines, ''].join('\n');
    })
    .join('');
}

/** What hooks source: the paths and the network of this VM. */
function renderLayout(network: string): string {
  const cidr = parseCidr(network);
  const base = formatAddress(cidr?.base ?? 0);
  const octets = gatewayAddress(network)
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'));
  const values = {
    blobs: LAYOUT.blobs,
    layers: LAYOUT.layers,
    processes: LAYOUT.processes,
    wakes: LAYOUT.wake,
    wake_ports: `${String(WAKE_PORT_BASE)}-${String(wakePort(processCapacity(network)))}`,
    peers: LAYOUT.peers,
    bridge: BRIDGE,
    network: `${base}/${String(cidr?.prefix ?? 32)}`,
    gateway: gatewayAddress(network),
    gateway_mac: ['02', '53', ...octets].join(':'),
    prefix: cidr?.prefix ?? 32,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('');
}
