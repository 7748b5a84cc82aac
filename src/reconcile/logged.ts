/** Day-2 work in the event log: what an operator asked for, whether it was done, how long it took. */
import { StratosError } from '../model/errors.ts';
import type { Deps } from './deps.ts';

/** Runs `work` and logs how it ended, in the run that the caller began; what it throws goes on to the caller. */
export async function logged<T>(deps: Deps, operation: string, target: string, work: () => Promise<T>): Promise<T> {
  const started = deps.now();
  const what = () => ({ operation, target, ms: deps.now() - started });
  try {
    const result = await work();
    deps.emit({ type: 'operation.finished', ...what() });
    return result;
  } catch (error) {
    if (error instanceof StratosError)
      deps.emit({ type: 'operation.failed', ...what(), code: error.code, message: error.message });
    throw error;
  }
}
