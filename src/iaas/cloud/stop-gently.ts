/** Ending a machine's run as its own system wants it, where it heeds that. */
import { millis, type Millis } from '../../model/quantity.ts';
import { poll } from './poll.ts';

export interface Stopping {
  /** Presses the power button. */
  ask(): Promise<void>;
  isRunning(): Promise<boolean>;
  /** Pulls the plug. */
  cut(): Promise<void>;
}

/** How long a machine may take to stop by itself. */
const GRACE = 30_000;

/** Asks, waits for half of `timeout` but no longer than 30 s, and cuts the power of what runs still. */
export async function stopGently(machine: Stopping, timeout: Millis, interval: Millis): Promise<void> {
  await machine.ask();
  const stopped = async (): Promise<true | undefined> => ((await machine.isRunning()) ? undefined : true);
  if (!(await poll(stopped, { timeout: millis(Math.min(GRACE, timeout / 2)), interval }))) await machine.cut();
}
