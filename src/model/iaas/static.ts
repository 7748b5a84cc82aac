/** `iaas:` of kind `static`. */

/** Machines that exist already. */
export interface StaticIaasSpec {
  readonly kind: 'static';
  readonly name: string;
  readonly hosts: readonly StaticHost[];
}

export interface StaticHost {
  readonly name: string;
  readonly address: string;
  /** Default 22. */
  readonly port: number;
  /** Default `root`; any other user needs sudo without a password. */
  readonly user: string;
  /** Absolute path of a private key file. */
  readonly key?: string;
  /** OpenSSH public host keys; from `hostKey:` or the `knownHosts:` file. Never empty. */
  readonly hostKeys: readonly string[];
  readonly jump?: JumpSpec;
}

/** A host that is connected to first. */
export type JumpSpec = Omit<StaticHost, 'name' | 'jump'>;
