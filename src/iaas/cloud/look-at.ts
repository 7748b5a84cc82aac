/** What `iaas check` shows: each thing looked at by itself, so that one that fails hides no other. */
import { IaasError, StratosError } from '../../model/errors.ts';
import type { Finding } from '../provider.ts';

/** Looks; what it says is the detail of a finding that is well, and a failure one that is not. */
export async function lookAt(subject: Finding['subject'], look: () => Promise<string>): Promise<Finding> {
  try {
    return { subject, status: 'ok', detail: await look() };
  } catch (error) {
    if (!(error instanceof StratosError)) throw error;
    // A cloud that is away for a moment says nothing of what was looked for.
    const away = error instanceof IaasError && (error.failure === 'unavailable' || error.failure === 'rate-limited');
    const { message: detail, hint } = error;
    return { subject, status: away ? 'warning' : 'failed', detail, ...(hint !== undefined && { hint }) };
  }
}
