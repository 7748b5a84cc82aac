/** A dry run's belt: nothing is bought or ended, whatever a caller does. */
import { IaasError } from '../../model/errors.ts';
import { CHANGING, type Around } from './around.ts';

/** Refuses verbs that change something. */
export const dryRun: Around = async (call, work) => {
  if (CHANGING.has(call.verb))
    throw new IaasError(call.iaas, 'invalid', `Cannot ${call.verb} ${call.subject ?? 'a machine'} in a dry run`);
  return work();
};
