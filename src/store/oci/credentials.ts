/** Who somebody is to a registry. */
import type { Secret } from '../../model/secret.ts';

export interface Credentials {
  readonly user: string;
  /** A password; with `identity` a token that is exchanged for others. */
  readonly secret: Secret;
  readonly identity: boolean;
}

/** Who we are to one repository of a registry, or to the registry itself; undefined where nobody. @throws HostError for an entry that is broken */
export type ChooseCredentials = (repository: string | undefined) => Credentials | undefined;
