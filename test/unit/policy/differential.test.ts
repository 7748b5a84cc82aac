/** Published autoscalers, reproduced by configuration: cases with their arithmetic in fixtures/traces. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ProcessState } from '../../../src/model/inventory.ts';
import type { SubscriptionMemory } from '../../../src/model/memory.ts';
import { millis } from '../../../src/model/quantity.ts';
import type { ScalingTuning } from '../../../src/model/policy.ts';
import { ago, aSample, decisionsOf, NOW, SECOND } from './scene.ts';

interface KpaCase {
  readonly name: string;
  readonly signal?: string;
  readonly target: number;
  readonly ready: number;
  /** Processes that exist and are not ready. */
  readonly existing?: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: ScalingTuning['step'];
  readonly delay?: number;
  readonly panic?: { readonly since: number; readonly last: number; readonly count: number };
  readonly wanted?: readonly (readonly [number, number])[];
  readonly samples: readonly (readonly [number, number])[];
  readonly arithmetic: string;
  readonly expect: { readonly desired: number; readonly panic: boolean };
}

interface NomadCase {
  readonly name: string;
  readonly count: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: ScalingTuning['step'];
  readonly movedBefore?: number;
  readonly metrics: Readonly<Record<string, readonly [number | null | readonly [number, number], number]>>;
  readonly arithmetic: string;
  readonly expect: number;
}

function casesOf(file: string): readonly unknown[] {
  const text = readFileSync(new URL(`../../../fixtures/traces/${file}`, import.meta.url), 'utf8');
  return (parse(text) as { readonly cases: readonly unknown[] }).cases;
}

const before = (seconds: number) => ago(seconds * SECOND);
const UNLIMITED = { up: Number.MAX_SAFE_INTEGER, down: Number.MAX_SAFE_INTEGER };

const KPA: Partial<ScalingTuning> = {
  window: millis(60 * SECOND),
  panic: { window: millis(6 * SECOND), threshold: 2 },
  tolerance: 0,
  cooldown: { up: millis(0), down: millis(0) },
  downWindow: millis(0),
};

describe('decide as Knative', () => {
  it.each(casesOf('knative-kpa.yaml') as readonly KpaCase[])('$name: $arithmetic', (given) => {
    const { signal = 'requestsInFlight', ready, existing = 0 } = given;
    const states: ProcessState[] = [
      ...Array.from({ length: ready }, () => 'ready' as const),
      ...Array.from({ length: existing }, () => 'creating' as const),
    ];
    const memory: SubscriptionMemory = {
      desired: states.length,
      wanted: (given.wanted ?? []).map(([age, count]) => ({ at: before(age), count })),
      ...(given.panic
        ? { panic: { ...given.panic, since: before(given.panic.since), last: before(given.panic.last) } }
        : {}),
    };
    const decided = decisionsOf({
      shop: {
        min: given.min ?? 0,
        max: given.max ?? 1000,
        target: { [signal]: given.target },
        tuning: { ...KPA, step: given.step ?? UNLIMITED, downWindow: millis((given.delay ?? 0) * SECOND) },
      },
      processes: states,
      samples: given.samples.map(([age, sum]) => aSample(before(age), { [signal]: sum })),
      memory,
    });
    expect({
      desired: decided.processes.shop?.desired,
      panic: decided.memory.subscriptions.shop?.panic !== undefined,
    }).toEqual(given.expect);
  });
});

describe('decide as Nomad', () => {
  it.each(casesOf('nomad-target-value.yaml') as readonly NomadCase[])('$name: $arithmetic', (given) => {
    const { count, metrics } = given;
    const measured = Math.max(1, count);
    const at = (turn: 0 | 1) =>
      Object.fromEntries(
        Object.entries(metrics).flatMap(([check, [metric]]) => {
          const value = typeof metric === 'object' && metric !== null ? metric[turn] : metric;
          return value === null ? [] : [[check, value * measured] as const];
        }),
      );
    const moved = given.movedBefore === undefined ? {} : { raisedAt: before(given.movedBefore) };
    const decided = decisionsOf({
      shop: {
        min: given.min ?? 1,
        max: given.max ?? 100,
        target: Object.fromEntries(Object.entries(metrics).map(([check, [, target]]) => [check, target])),
        tuning: {
          window: millis(10 * SECOND),
          panic: { window: millis(SECOND), threshold: 1e9 },
          tolerance: 0.01,
          cooldown: { up: millis(300 * SECOND), down: millis(300 * SECOND) },
          downWindow: millis(0),
          step: given.step ?? UNLIMITED,
        },
      },
      processes: count,
      samples: [aSample(before(10), at(0), { count: measured }), aSample(NOW, at(1), { count: measured })],
      memory: { desired: count, ...moved },
    });
    expect(decided.processes.shop?.desired).toBe(given.expect);
  });
});
