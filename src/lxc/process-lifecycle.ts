/** Processes on one VM from creation to removal: steps for many at a time, and what they answer. */
import type { Millis } from '../model/quantity.ts';
import { millis } from '../model/quantity.ts';
import type { CartridgeSpec } from '../model/spec.ts';
import { script, type Step, type StepResult, type Word } from '../shell/command.ts';
import { jsonLines } from './json-lines.ts';
import { BRIDGE, LAYOUT } from './layout.ts';
import { renderMakeInput, type RuntimeFiles } from './make-input.ts';
import { processAddress, processMac, publishedPort } from './network.ts';
import { checkedName, launchRootfs, type ProcessLaunch } from './process-launch.ts';
import makeText from './scripts/make.sh';
import removeText from './scripts/remove.sh';
import startText from './scripts/start.sh';

export type { ProcessLaunch } from './process-launch.ts';
export { execArgv, logsArgv, shellArgv, type LogOptions } from './process-commands.ts';

/** What starting a container that exists, and waiting for it, needs to know. */
export interface ProcessStart {
  readonly name: string;
  readonly index: number;
  /** IPv4 CIDR of the processes on the VM. */
  readonly network: string;
  readonly cartridge: CartridgeSpec;
}

/** How a start ended. */
export interface StartOutcome {
  readonly name: string;
  readonly ready: boolean;
  /** From the start of the batch's waiting to this answer. */
  readonly ms: number;
  /** Why it is not ready, in one line. */
  readonly failure?: string;
}

/** How a removal ended. */
export interface RemoveOutcome {
  readonly name: string;
  readonly removed: boolean;
  /** Whether no connection was open any more when it was stopped. */
  readonly drained?: boolean;
  readonly failure?: string;
}

/** Added to the longest wait inside a step, for the work around it. */
const SLACK = 60_000;

/**
 * Makes containers, starts them together and waits until each is ready or its time to start up has passed. Completes what an
 * earlier, cut run left; a container that is there with the same fingerprint is only started. `files` are those of its runtime.
 * @throws UsageError when a name, path, user or environment cannot be what it shall be
 */
export function createSteps(launches: readonly ProcessLaunch[], files?: RuntimeFiles): readonly Step[] {
  const [first] = launches;
  if (!first) return [];
  const names = launches.flatMap((launch) => [checkedName(launch.name), launch.fingerprint, launchRootfs(launch)]);
  const make = script(
    { name: 'make', text: makeText },
    `make ${titleOf(launches)}`,
    [first.lineage, LAYOUT.processes, ...names],
    { stdin: renderMakeInput(launches, files) },
  );
  return [make, ...startSteps(launches)];
}

/** Starts containers that exist, wakes those that sleep, and waits until they are ready; those that run are only waited for. */
export function startSteps(processes: readonly ProcessStart[]): readonly Step[] {
  return launchSteps('start', processes);
}

/** Stops and starts containers, and waits until they are ready again. */
export function restartSteps(processes: readonly ProcessStart[]): readonly Step[] {
  return launchSteps('restart', processes);
}

/** A process that goes. */
export interface Removal {
  readonly name: string;
  /** How long it may finish what its clients have open. */
  readonly drain: Millis;
  /** A snapshot of what it changed is kept with this comment, which is not empty; or it is not removed. */
  readonly snapshot?: string;
}

/**
 * Removes containers that carry the lineage and refuses any other: waits until nobody is connected to them, at most `drain`,
 * stops them together and deletes them. Volumes and snapshots stay. No effect on what is gone already.
 */
export function removeSteps(lineage: string, removals: readonly Removal[]): readonly Step[] {
  if (removals.length === 0) return [];
  const args = removals.flatMap(({ name, drain, snapshot = '' }) => [checkedName(name), drain / 1000, snapshot]);
  const timeout = millis(Math.max(...removals.map(({ drain }) => drain)) + SLACK);
  return [
    script(
      { name: 'remove', text: removeText },
      `remove ${titleOf(removals)}`,
      [lineage, LAYOUT.processes, LAYOUT.bin, BRIDGE, ...args],
      { timeout },
    ),
  ];
}

/** Reads the answers of {@link createSteps}, {@link startSteps} and {@link restartSteps}: one for each process that has one, the first reason of each. */
export function parseCreate(results: readonly StepResult[]): readonly StartOutcome[] {
  const outcomes = new Map<string, StartOutcome>();
  for (const line of jsonLines(results)) {
    const { name, ready, ms, failure } = line;
    if (typeof name !== 'string' || typeof ready !== 'boolean' || outcomes.has(name)) continue;
    outcomes.set(name, {
      name,
      ready,
      ms: typeof ms === 'number' ? ms : 0,
      ...(typeof failure === 'string' ? { failure } : {}),
    });
  }
  return [...outcomes.values()];
}

/** Reads the answers of {@link removeSteps}. */
export function parseRemove(results: readonly StepResult[]): readonly RemoveOutcome[] {
  return jsonLines(results).flatMap(({ name, removed, drained, failure }) =>
    typeof name === 'string' && typeof removed === 'boolean'
      ? [
          {
            name,
            removed,
            ...(typeof drained === 'boolean' ? { drained } : {}),
            ...(typeof failure === 'string' ? { failure } : {}),
          },
        ]
      : [],
  );
}

function launchSteps(verb: 'start' | 'restart', processes: readonly ProcessStart[]): readonly Step[] {
  if (processes.length === 0) return [];
  const startup = Math.max(...processes.map(({ cartridge }) => cartridge.health.startup));
  return [
    script(
      { name: 'start', text: startText },
      `${verb} ${titleOf(processes)}`,
      [LAYOUT.label, LAYOUT.processes, LAYOUT.bin, BRIDGE, verb, ...processes.flatMap(startWords)],
      { timeout: millis(startup + SLACK) },
    ),
  ];
}

function startWords({ name, index, network, cartridge }: ProcessStart): readonly Word[] {
  const { health, ports } = cartridge;
  const address = processAddress(network, index);
  const elements = ports.map(({ port }, n) => `${String(publishedPort(index, n))} : ${address} . ${String(port)}`);
  const asked = ports.find((port) => port.name === health.port) ?? ports[0];
  const path = asked?.protocol === 'http' ? (health.path ?? '') : '';
  return [
    checkedName(name),
    address,
    processMac(network, index),
    elements.join(', '),
    asked?.port ?? 0,
    Math.ceil(health.startup / 10),
    health.timeout / 1000,
    path.replaceAll(' ', '%20'),
  ];
}

function titleOf(processes: readonly { readonly name: string }[]): string {
  return processes.length === 1 ? (processes[0]?.name ?? '') : `${String(processes.length)} processes`;
}
