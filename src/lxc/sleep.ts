/** Sleep of processes on one VM: what to run, and what it answers. See `docs/decisions/0007-sleep-and-wake.md`. */
import type { SleepDepth } from '../model/inventory.ts';
import { millis, type Millis } from '../model/quantity.ts';
import type { SubscriptionSpec } from '../model/spec.ts';
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { jsonLines } from './json-lines.ts';
import { LAYOUT } from './layout.ts';
import { gatewayAddress, wakePort } from './network.ts';
import { checkedName } from './process-launch.ts';
import disarmText from './scripts/disarm.sh';
import sleepText from './scripts/sleep.sh';

/** A process that shall go to sleep. */
export interface SleepRequest {
  readonly name: string;
  readonly index: number;
  /** IPv4 CIDR of the processes on the VM. */
  readonly network: string;
  readonly depth: SleepDepth;
  /** How the first request wakes it; undefined: only we do. */
  readonly wake?: {
    /** Where requests go inside the process. */
    readonly port: number;
    /** How long it may take until it listens there. */
    readonly startup: Millis;
  };
}

/** How going to sleep ended. */
export interface SleepOutcome {
  readonly name: string;
  readonly slept: boolean;
  /** How deep it sleeps: deeper than asked where it did already. Only when `slept`. */
  readonly depth?: SleepDepth;
  /** It is in use, and stays awake for that; not a fault. */
  readonly busy?: boolean;
  /** Why it does not sleep, in one line. */
  readonly failure?: string;
}

/** Whether a connection wakes the processes of a subscription. */
export function wakesOnRequest({ idle }: Pick<SubscriptionSpec, 'idle'>): boolean {
  return idle?.wake === 'on-request' && (idle.freezeAfter !== undefined || idle.stopAfter !== undefined);
}

/**
 * Puts processes to sleep, all in one go, after making sure that the next request wakes them. Who has connections open, or was woken a
 * moment ago, stays awake and is told as `busy`. One that sleeps already sleeps deeper, if that is asked. For {@link parseSleep}.
 */
export function sleepSteps(lineage: string, requests: readonly SleepRequest[]): readonly ScriptStep[] {
  const [first] = requests;
  if (!first) return [];
  const title = requests.length === 1 ? first.name : `${String(requests.length)} processes`;
  const words = requests.flatMap(({ name, index, depth, wake }) => [
    checkedName(name),
    depth,
    wake ? wakePort(index) : '',
    wake?.port ?? 0,
    Math.ceil((wake?.startup ?? 0) / 10),
  ]);
  const where = [LAYOUT.processes, LAYOUT.wake, LAYOUT.bin, gatewayAddress(first.network)];
  return [
    script({ name: 'sleep_processes', text: sleepText }, `put ${title} to sleep`, [lineage, ...where, ...words], {
      timeout: millis(60_000),
    }),
  ];
}

/** Reads the answers of {@link sleepSteps}. */
export function parseSleep(results: readonly StepResult[]): readonly SleepOutcome[] {
  return jsonLines(results).flatMap(({ name, slept, depth, busy, failure }) =>
    typeof name === 'string' && typeof slept === 'boolean'
      ? [
          {
            name,
            slept,
            ...(depth === 'frozen' || depth === 'stopped' ? { depth } : {}),
            ...(typeof busy === 'boolean' ? { busy } : {}),
            ...(typeof failure === 'string' ? { failure } : {}),
          },
        ]
      : [],
  );
}

/** Takes away what wakes the processes of a VM, but of those that keep it. Who sleeps keeps it until awake. */
export function disarmStep(keep: readonly string[]): ScriptStep {
  const text = { name: 'disarm', text: disarmText };
  return script(text, 'take away wake ports', [LAYOUT.processes, LAYOUT.wake, ...keep.map(checkedName)]);
}
