/** What a command is given. Main builds it once; tests build it by hand with functions of their own. */
import type { Io } from '../report/io.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { GlobalOptions } from './global-options.ts';
import type { UseCases } from './use-cases.ts';

export interface CommandContext {
  readonly io: Io;
  /** Aborts at the first interrupt; work in progress then comes to an orderly end. */
  readonly signal: AbortSignal;
  readonly use: UseCases;
  /** Builds what use cases need for the project of `--dir`; connects nowhere yet. */
  readonly open: (globals: GlobalOptions) => Promise<Deps>;
  /** Takes the progress off the screen; called before a result is written. */
  readonly settle: () => void;
  /** Takes the exit code of the command. */
  readonly exit: (code: number) => void;
}
