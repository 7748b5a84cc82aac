/** One finding of doctor. */
import { StratosError } from '../model/errors.ts';

export interface Check {
  /** `this machine`, `project`, `iaas lab`, `store hub` or the name of a VM. */
  readonly target: string;
  readonly name: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** A command or an edit that mends it. */
  readonly fix?: string;
}

/** The finding of a check that failed. @throws what is no expected failure */
export function failedCheck(target: string, name: string, error: unknown, fix?: string): Check {
  if (!(error instanceof StratosError)) throw error;
  const hint = error.hint ?? fix;
  // Of a message with the lines that it is about only what it says.
  const [message = ''] = error.message.split('\n');
  return { target, name, level: 'fail', message, ...(hint === undefined ? {} : { fix: hint }) };
}
