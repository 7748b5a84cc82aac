/** How hosts are logged in to, as the schema leaves it. */

export interface RawAccess {
  readonly user?: string;
  readonly port?: number;
  readonly key?: string;
  readonly knownHosts?: string;
}

export interface RawJump extends RawAccess {
  readonly address: string;
  readonly hostKey?: string | readonly string[];
}
