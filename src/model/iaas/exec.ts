/** `iaas:` of kind `exec`. */
import type { EnvValue } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** Any cloud, by an executable of the user's. */
export interface ExecIaasSpec extends CloudSpec {
  readonly kind: 'exec';
  /** Program and arguments; a verb follows. */
  readonly command: readonly string[];
  /** Working directory: the project's. */
  readonly cwd: string;
  /** What it calls the image that machines are made of, such as one that it baked. Undefined: its own choice. */
  readonly image?: string;
  /** Variables that it gets besides `PATH`, `HOME`, `USER`, `LANG` and `TZ`. */
  readonly env: Readonly<Record<string, EnvValue>>;
}
