/** `iaas:` of kind `local`. */

/** Nested-LXC VMs on the operator's own Linux machine. */
export interface LocalIaasSpec {
  readonly kind: 'local';
  readonly name: string;
  /** Bridge the VMs are on; made when missing. Default `stratos0`. */
  readonly bridge: string;
  /** IPv4 CIDR of the bridge; the first address is the machine's own. Default `10.209.0.0/16`. */
  readonly subnet: string;
  /** Directory of VM states and overlays. Default `/var/lib/stratos/local`. */
  readonly root: string;
  /** Debian or Ubuntu suite of the VMs; default: the machine's own. */
  readonly suite?: string;
  /** Absolute path of the root file system that VMs are made of, such as `vm bake` gives. Undefined: the base of `suite`. */
  readonly image?: string;
}
