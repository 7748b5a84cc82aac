/** What runs a process, and what each can do: callers ask for a capability, never for a name. */

/** `lxc` and `podman`: a container on a VM. `vm`: the VM itself. */
export type RuntimeName = 'lxc' | 'podman' | 'vm';

/** All of them; what a spec may name. */
export const RUNTIMES: readonly RuntimeName[] = ['lxc', 'podman', 'vm'];

/** Name under which the user data of a machine is kept with the environment of its cartridge: a secret as others are. */
export const USER_DATA = 'STRATOS_USER_DATA';

/** What a runtime can do for a process, beyond starting and stopping it. */
export interface RuntimeCapabilities {
  /** Its memory, CPU and tasks can be limited, also while it runs. */
  readonly limits: boolean;
  /** It can be kept in memory without CPU. */
  readonly freeze: boolean;
  /** Its file system can be kept and put back. */
  readonly snapshot: boolean;
  /** Programs, and a shell, can be run in it. */
  readonly exec: boolean;
  /** What it writes to its standard output and error is kept. */
  readonly logs: boolean;
  /** It can have directories that outlive it. */
  readonly volumes: boolean;
  /** A request wakes it. */
  readonly wake: boolean;
  /** Files can be copied in and out. */
  readonly copy: boolean;
  /** Its network traffic can be limited. */
  readonly bandwidth: boolean;
  /** Where it may connect to can be limited. */
  readonly egress: boolean;
  /** What it writes to its own file system can be limited. */
  readonly disk: boolean;
}

export type Capability = keyof RuntimeCapabilities;

const CONTAINER: RuntimeCapabilities = {
  ...{ limits: true, freeze: true, snapshot: true, exec: true, logs: true, volumes: true, wake: true },
  ...{ copy: true, bandwidth: true, egress: true, disk: true },
};

const CAPABILITIES: Readonly<Record<RuntimeName, RuntimeCapabilities>> = {
  lxc: CONTAINER,
  // Snapshots are LXC's own.
  podman: { ...CONTAINER, snapshot: false },
  // Nothing of ours is inside: it is reached over the network alone.
  vm: {
    ...{ limits: false, freeze: false, snapshot: false, exec: false, logs: false, volumes: false, wake: false },
    ...{ copy: false, bandwidth: false, egress: false, disk: false },
  },
};

/** What a runtime can do. */
export function capabilitiesOf(runtime: RuntimeName): RuntimeCapabilities {
  return CAPABILITIES[runtime];
}
