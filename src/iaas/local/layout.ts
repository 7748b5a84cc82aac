/** Directories and files of the local adapter on the operator's machine. The only place that knows them. */
import path from 'node:path';

/** Base root file systems, shared by all projects of this machine. */
export const BASE_CACHE = '/var/cache/stratos/local';

/** State that ends with the machine's boot: the lock of network and addresses, and what forwarding was before us. */
export const RUN_DIRECTORY = '/run/stratos-local';
export const NETWORK_LOCK = `${RUN_DIRECTORY}/lock`;

/** What is under one `root` of the spec. */
export interface RootLayout {
  readonly root: string;
  /** The LXC path: one directory for each VM. */
  readonly vms: string;
  /** One symbolic link for each address in use, to its VM's directory. */
  readonly addresses: string;
  readonly locks: string;
  /** Archives that `vm bake` made; kept when the last VM goes. */
  readonly images: string;
}

export function rootLayout(root: string): RootLayout {
  return {
    root,
    vms: path.join(root, 'vms'),
    addresses: path.join(root, 'addresses'),
    locks: path.join(root, 'locks'),
    images: path.join(root, 'images'),
  };
}

/** What is in one VM's directory. */
export interface VmLayout {
  readonly directory: string;
  /** LXC's configuration, rendered anew at each start. */
  readonly config: string;
  /** The label: lineage, VM, partition, size, address. */
  readonly record: string;
  /** Upper layer of the VM's root file system. */
  readonly delta: string;
  /** Bind-mounted at /var/lib/stratos: overlays inside the VM need a real file system. */
  readonly data: string;
  /** LXC's log of the last start. */
  readonly log: string;
}

export function vmLayout(layout: RootLayout, container: string): VmLayout {
  const directory = path.join(layout.vms, container);
  return {
    directory,
    config: path.join(directory, 'config'),
    record: path.join(directory, 'machine.json'),
    delta: path.join(directory, 'overlay', 'delta'),
    data: path.join(directory, 'data'),
    log: path.join(directory, 'lxc.log'),
  };
}
