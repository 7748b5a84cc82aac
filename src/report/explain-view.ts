/** An explanation in words: what was measured, the formula, the bounds, what the plan does and what holds it back. */
import { NO_BOUND, type Bounds } from '../model/bounds.ts';
import type {
  Explanation,
  NeedExplanation,
  PartitionExplanation,
  SubscriptionExplanation,
} from '../reconcile/explain.ts';
import type { RolloutStatus } from '../reconcile/rollout-status.ts';
import { cleanText } from './clean-text.ts';
import { count } from './count-text.ts';
import type { Paint } from './paint.ts';

/** Renders an explanation. Ends with a line break. */
export function explainView(explanation: Explanation, paint: Paint): string {
  const lines = 'alias' in explanation ? aliasLines(explanation, paint) : partitionLines(explanation, paint);
  return `${lines.join('\n')}\n`;
}

function aliasLines(explanation: SubscriptionExplanation, paint: Paint): readonly string[] {
  const { alias, partition, policy, decision, needs = [], neededBy, rollout, processes, holds, alarms } = explanation;
  const sleep = Object.entries(decision.sleep).map(([name, { depth, reason }]) => `${name}: ${depth}: ${reason}`);
  const wake = Object.entries(decision.wake).map(([name, reason]) => `${name}: wakes: ${reason}`);
  return [
    `${paint.bold(alias)} wants ${count(decision.desired, 'process', 'processes')}, has ${String(decision.current)} in ${partition}`,
    ...alarmLines(alarms, paint),
    ...section('policy', [`${policy.name}: ${boundsText(policy.processes)} processes`], paint),
    ...section(
      'measured',
      decision.needs.map(({ signal, formula }) => `${signal}: ${formula}`),
      paint,
    ),
    ...section('decided', decision.reasons, paint),
    ...section('needs', needs.map(needText), paint),
    ...section('needed by', neededBy ? [neededBy.join(', ')] : [], paint),
    ...section('sleep', [...sleep, ...wake], paint),
    ...section('rollout', rollout ? [rolloutText(rollout)] : [], paint),
    ...section(
      'plan',
      processes.map(({ name, vm, steps }) => `${name} on ${vm}: ${stepText(steps)}`),
      paint,
    ),
    ...section('held', holds.map(holdText), paint),
  ];
}

function needText({ subscription, ready, minimum, variables, ratio, whenLost }: NeedExplanation): string {
  return [
    `${subscription}: ${String(ready)} ready, at least ${String(minimum)} before anything starts`,
    ...(variables.length > 0 ? [`hands over ${variables.join(', ')}`] : []),
    ...(ratio === undefined ? [] : [`followed: ${String(ratio)} for each`]),
    ...(whenLost === 'keep' ? [] : [`when lost: ${whenLost}`]),
  ].join('; ');
}

function rolloutText({ revision, state, phase, why, waits, failure, runs }: RolloutStatus): string {
  const how = phase === undefined ? state : `${state}, ${phase}`;
  const back = runs === revision ? '' : `; revision ${String(runs)} runs`;
  const held = failure ?? waits;
  return `revision ${String(revision)} (${why}) ${how}${held === undefined ? '' : `: ${held}`}${back}`;
}

function partitionLines(explanation: PartitionExplanation, paint: Paint): readonly string[] {
  const { partition, decision, vms, holds, alarms } = explanation;
  return [
    `${paint.bold(partition)} has ${count(vms.length, 'VM')}, may have ${boundsText(decision)}`,
    ...alarmLines(alarms, paint),
    ...section('decided', [...decision.reasons, ...(decision.hold === undefined ? [] : [decision.hold])], paint),
    ...section(
      'plan',
      vms.map(({ name, iaas, processes, steps, removable }) => {
        const what = steps.length > 0 || removable === undefined ? stepText(steps) : `may go: ${removable}`;
        return `${name} on ${iaas}, ${count(processes, 'process', 'processes')}: ${what}`;
      }),
      paint,
    ),
    ...section('held', holds.map(holdText), paint),
  ];
}

function alarmLines(alarms: readonly string[], paint: Paint): readonly string[] {
  return alarms.map((alarm) => `${paint.red('!')} ${cleanText(alarm)}`);
}

function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.map((line, at) => `  ${paint.dim((at === 0 ? title : '').padEnd(9))} ${cleanText(line)}`);
}

function stepText(steps: readonly { readonly kind: string; readonly reason: string }[]): string {
  if (steps.length === 0) return 'stays as it is';
  return steps.map(({ kind, reason }) => `${kind.slice(kind.indexOf('.') + 1)}: ${reason}`).join(', then ');
}

function holdText({ target, reason }: { readonly target: string; readonly reason: string }): string {
  return `${target}: ${reason}`;
}

function boundsText({ min, max }: Bounds): string {
  if (min === max) return String(min);
  return max === NO_BOUND ? `${String(min)} or more` : `${String(min)} to ${String(max)}`;
}
