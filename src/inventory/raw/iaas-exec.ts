/** `iaas:` of kind `exec`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawEnv } from './terms.ts';

export interface RawExecIaas extends RawCloud {
  readonly kind: 'exec';
  readonly command: readonly string[];
  readonly image?: string;
  readonly env?: RawEnv;
}
