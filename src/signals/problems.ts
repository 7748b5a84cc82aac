/** Why a signal that a policy wants is not there, in words. */
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { ProcessSample } from '../model/signal.ts';
import { SIGNALS } from '../model/signal.ts';
import { gatewayHome, type Spec, type SubscriptionSpec } from '../model/spec.ts';
import type { Elapsed } from './increase.ts';

interface ProblemInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
}

interface Findings {
  readonly processes: Readonly<Record<string, ProcessSample>>;
  /** By VM that answered. */
  readonly elapsed: ReadonlyMap<string, Elapsed>;
  /** Partitions with VMs whose gateways do not tell their numbers. */
  readonly blind: ReadonlyMap<string, readonly string[]>;
}

/** Names in one line at most. */
const SHOWN = 3;

const BY_GATEWAY = new Set<string>(['requestsInFlight', 'requestsPerSecond', 'responseTime']);

/** By alias, for every subscription that wants a signal it does not have; sorted. */
export function problemsOf(input: ProblemInput, findings: Findings): Readonly<Record<string, readonly string[]>> {
  const problems: Record<string, readonly string[]> = {};
  const records = Map.groupBy(input.inventory.processes, (process) => process.subscription);
  const probes = Map.groupBy(
    Object.values(input.observation.vms).flatMap((vm) => (vm.status === 'reached' ? (vm.probes ?? []) : [])),
    (probe) => probe.subscription,
  );
  for (const subscription of Object.values(input.spec.subscriptions)) {
    const wanted = wantedOf(subscription);
    if (wanted.length === 0) continue;
    const reasons = new Map<string, string[]>();
    const note = (reason: string, who: string): void => {
      reasons.set(reason, [...(reasons.get(reason) ?? []), who]);
    };
    for (const record of records.get(subscription.alias) ?? []) {
      if (record.state !== 'ready') continue;
      if (input.observation.vms[record.vm]?.status !== 'reached')
        note('not measured, as its VM does not answer', record.name);
      else
        for (const signal of wanted) {
          const reason = reasonOf(input, findings, subscription, record.name, record.vm, signal);
          if (reason !== undefined) note(reason, record.name);
        }
    }
    for (const { signal, process, problem } of probes.get(subscription.alias) ?? [])
      if (problem !== undefined) note(`the command of ${signal ?? 'idle.busy'} ${problem}`, process ?? 'its VM');
    const lines = [...reasons].map(([reason, names]) => `${listOf(names)}: ${reason}`).sort();
    if (lines.length > 0) problems[subscription.alias] = lines;
  }
  return problems;
}

/** Measured signals that its policies look at; its own ones speak for themselves. */
function wantedOf({ scaling, idle }: SubscriptionSpec): readonly string[] {
  const targets = Object.keys(scaling.target).filter((signal) => signal in scaling.signals || isSignal(signal));
  const idles = idle ? ['requestsInFlight', 'cpu'] : [];
  return [...new Set([...targets, ...idles, ...Object.keys(scaling.signals)])].sort();
}

function isSignal(name: string): boolean {
  return (SIGNALS as readonly string[]).includes(name);
}

/** Undefined where the signal is there, or another line says why it is not. */
function reasonOf(
  { spec, observation }: ProblemInput,
  { processes, elapsed, blind }: Findings,
  subscription: SubscriptionSpec,
  name: string,
  vmName: string,
  signal: string,
): string | undefined {
  const vm = observation.vms[vmName];
  const seen = vm?.status === 'reached' ? vm.processes.find((process) => process.name === name) : undefined;
  const sample = processes[name];
  if (vm?.status === 'reached' && vm.guest && !BY_GATEWAY.has(signal)) return undefined;
  if (!seen || !sample || seen.asleep || seen.state !== 'running') return undefined;
  if (BY_GATEWAY.has(signal)) {
    if (subscription.port === undefined && subscription.hosts.length === 0)
      return `no ${signal}, as it has neither a port nor hosts: only gateways count requests`;
    const partition = spec.cartridges[subscription.cartridge]?.partition ?? '';
    const silent = blind.get(gatewayHome(spec.partitions, partition));
    if (silent) return `no ${signal}, as the gateway of ${listOf(silent)} does not tell its numbers`;
    if (sample.requestsInFlight === undefined) return `no ${signal}, as no gateway knows it`;
    return undefined;
  }
  if (signal === 'cpu' && sample.cpu === undefined) return `no cpu: ${cpuReason(elapsed.get(vmName))}`;
  if (signal === 'memory' && sample.memory === undefined) return 'no memory: its counters cannot be read';
  return undefined;
}

function cpuReason(elapsed: Elapsed | undefined): string {
  switch (elapsed?.is) {
    case 'again':
      return 'its VM was looked at a moment ago';
    case 'too-long':
      return 'the look before was too long ago';
    case 'backwards':
      return 'the clock of its VM went backwards';
    case 'known':
      return 'its counter is new, or went backwards';
    default:
      return 'this is the first look, the next one tells';
  }
}

function listOf(names: readonly string[]): string {
  const shown = names.toSorted().slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
