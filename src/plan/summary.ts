import type { ActionKind, Plan } from '../model/plan.ts';
import { stemOf } from './names.ts';

/** A plan in numbers and in one line. */
export interface PlanSummary {
  /** How many actions of each kind; kinds without any are left out. */
  readonly counts: Readonly<Partial<Record<ActionKind, number>>>;
  /** `4 to create, 1 to replace, 2 VMs to add`; `nothing to do` for an empty plan. */
  readonly text: string;
}

/** Whether a plan changes nothing. It may still hold things back and have notices. */
export function isEmpty(plan: Plan): boolean {
  return plan.stages.length === 0;
}

export function summarize(plan: Plan): PlanSummary {
  const counts: Partial<Record<ActionKind, number>> = {};
  const made = new Map<string, number>();
  const removed = new Map<string, number>();
  for (const { partition, actions } of plan.stages) {
    for (const action of actions) {
      counts[action.kind] = (counts[action.kind] ?? 0) + 1;
      if (action.kind === 'process.create') add(made, `${partition} ${action.subscription}`);
      if (action.kind === 'process.remove') add(removed, `${partition} ${stemOf(action.process)}`);
    }
  }
  const of = (kind: ActionKind): number => counts[kind] ?? 0;
  let replaced = 0;
  for (const [key, number] of made) replaced += Math.min(number, removed.get(key) ?? 0);
  const parts = [
    phrase(of('process.create') - replaced, 'to create'),
    phrase(replaced, 'to replace'),
    phrase(of('process.remove') - replaced, 'to remove'),
    phrase(of('process.limit'), 'to change in place'),
    phrase(of('process.start'), 'to start'),
    phrase(of('process.wake'), 'to wake'),
    phrase(of('process.sleep'), 'to put to sleep'),
    phrase(of('process.adopt'), 'to take up'),
    phrase(of('process.forget'), 'to forget'),
    vmPhrase(of('vm.create'), 'to add'),
    vmPhrase(of('vm.adopt'), 'to take up'),
    vmPhrase(of('vm.start'), 'to start'),
    vmPhrase(of('vm.prepare') - of('vm.create'), 'to prepare'),
    vmPhrase(of('vm.delete'), 'to release'),
    vmPhrase(of('vm.forget'), 'to forget'),
  ].filter((part) => part !== '');
  if (parts.length === 0 && of('gateway.configure') > 0) {
    const gateways = of('gateway.configure');
    parts.push(`${gateways} ${gateways === 1 ? 'gateway' : 'gateways'} to configure`);
  }
  return { counts, text: parts.length === 0 ? 'nothing to do' : parts.join(', ') };
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function phrase(number: number, what: string): string {
  return number > 0 ? `${number} ${what}` : '';
}

function vmPhrase(number: number, what: string): string {
  return number > 0 ? `${number} ${number === 1 ? 'VM' : 'VMs'} ${what}` : '';
}
