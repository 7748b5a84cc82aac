/** Going to sleep and waking. */
import { HostError } from '../../model/errors.ts';
import type { Handler } from './handler.ts';

export const sleepProcesses: Handler<'process.sleep'> = () => {
  throw new HostError('Cannot put processes to sleep as this version does not know how');
};

export const wakeProcesses: Handler<'process.wake'> = () => {
  throw new HostError('Cannot wake processes as this version does not know how');
};
