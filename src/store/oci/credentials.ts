/** Who somebody is to a registry. */
import type { Secret } from '../../model/secret.ts';

export interface Credentials {
  readonly user: string;
  /** A password; with `identity` a token that is exchanged for others. */
  readonly secret: Secret;
  readonly identity: boolean;
}
