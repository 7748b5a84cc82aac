/** Commands of policies that tell a number, or whether a process is busy: one step runs all of a VM, side by side. */
import type { ObservedProbe } from '../model/observation.ts';
import { formatDuration, millis, type Millis } from '../model/quantity.ts';
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { LAYOUT } from './layout.ts';
import { checkedName } from './process-launch.ts';
import text from './scripts/probes.sh';

/** One command to run. */
export interface Probe {
  readonly subscription: string;
  /** The process it runs in, with its user, environment and directory; undefined: on the VM, as root in a bare environment. */
  readonly process?: string;
  /** The signal whose number it prints; undefined: it ends with 0 while the process is busy. */
  readonly signal?: string;
  readonly argv: readonly string[];
  readonly timeout: Millis;
}

/** What is kept of an output, in bytes: as in the script. */
const KEPT = 256;
/** Longest text of a command that is repeated in a message. */
const SHOWN = 40;

/**
 * Runs the commands. None takes longer than its time, prints more than a number may have, or is run in a sleeper. Nothing of
 * them is left running but what hides itself from its own process group.
 */
export function probesStep(probes: readonly Probe[]): ScriptStep {
  const longest = Math.max(0, ...probes.map(({ timeout }) => timeout));
  const args = probes.flatMap(({ process, argv, timeout }, number) => [
    number,
    process === undefined ? '-' : checkedName(process),
    (timeout / 1000).toFixed(3),
    (timeout / 1000 + 0.5).toFixed(3),
    argv.length,
    ...argv,
  ]);
  return script({ name: 'probes', text }, 'run signals', [LAYOUT.processes, '/sys/fs/cgroup', ...args], {
    timeout: millis(longest + 3000),
  });
}

/** What the commands said, in their order. One that was not run, since its process sleeps or is not there, says nothing. */
export function parseProbes(result: StepResult | undefined, probes: readonly Probe[]): readonly ObservedProbe[] {
  const outputs = new Map<number, string>();
  for (const line of result?.stdout.split('\n') ?? []) {
    const [, number, output = ''] = /^(\d+)\t(.*)$/.exec(line) ?? [];
    if (number !== undefined) outputs.set(Number(number), output);
  }
  // A line that is missing means something only where the script came to its end.
  const isWhole = result?.status === 0;
  return probes.flatMap((probe, number) => {
    const output = outputs.get(number);
    if (output === undefined && isWhole) return [];
    const { subscription, process, signal } = probe;
    return [
      {
        subscription,
        ...(process === undefined ? {} : { process }),
        ...(signal === undefined ? {} : { signal }),
        ...(output === undefined ? { problem: 'did not come to its end' } : read(probe, output)),
      },
    ];
  });
}

function read({ signal, timeout }: Probe, output: string): Pick<ObservedProbe, 'value' | 'busy' | 'problem'> {
  const [, printed = '', digits] = /^(.*)\t=(\d{1,3})$/s.exec(output) ?? [];
  const isLong = output.length >= KEPT;
  if (digits === undefined) return { problem: isLong ? 'printed too much' : tookLonger(timeout) };
  const status = Number(digits);
  // Of timeout: 124 and 137; of env and sh: what cannot be run or is not there.
  if (status === 124 || status === 137) return { problem: tookLonger(timeout) };
  if (status === 125 || status === 126 || status === 127)
    return { problem: `cannot be run: it ended with ${String(status)}` };
  if (signal === undefined) return { busy: status === 0 };
  if (status !== 0) return { problem: `ended with ${String(status)}` };
  return numberOf(printed.trim());
}

function numberOf(text: string): Pick<ObservedProbe, 'value' | 'problem'> {
  if (text === '') return { problem: 'printed nothing' };
  const value = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  const shown = JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
  if (!Number.isFinite(value)) return { problem: `prints text: ${shown}` };
  return value < 0 ? { problem: `prints a number below 0: ${shown}` } : { value };
}

function tookLonger(timeout: Millis): string {
  return `took longer than ${formatDuration(timeout)}`;
}
