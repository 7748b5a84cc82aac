/** The order of stages: those of a partition one after another, and each after those of other partitions that it waits for. */
import type { Stage } from '../model/plan.ts';

/** What stages wait for while a plan is tied together. */
export interface StageOrder {
  /** Lets a stage wait for others. False, and nothing is changed, where one of them would then wait for it. */
  readonly wait: (stage: Stage, others: readonly Stage[]) => boolean;
  /** Ids of the stages of other partitions that a stage waits for. */
  readonly waits: (stage: Stage) => readonly string[];
}

export function stageOrder(stages: readonly Stage[]): StageOrder {
  const before = new Map<Stage, Set<Stage>>();
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  for (const own of Map.groupBy(stages, ({ partition }) => partition).values())
    for (const [at, stage] of own.entries()) {
      const previous = own[at - 1];
      const elsewhere = (stage.after ?? []).flatMap((id) => byId.get(id) ?? []);
      before.set(stage, new Set(previous ? [previous, ...elsewhere] : elsewhere));
    }
  const comesBefore = (first: Stage, last: Stage): boolean => {
    const seen = new Set<Stage>();
    const path = [last];
    for (let stage = path.pop(); stage; stage = path.pop()) {
      if (stage === first) return true;
      if (seen.has(stage)) continue;
      seen.add(stage);
      path.push(...(before.get(stage) ?? []));
    }
    return false;
  };
  return {
    wait(stage, others) {
      if (others.some((other) => comesBefore(stage, other))) return false;
      for (const other of others) before.get(stage)?.add(other);
      return true;
    },
    waits: (stage) =>
      [...(before.get(stage) ?? [])]
        .flatMap(({ id, partition }) => (partition === stage.partition ? [] : [id]))
        .toSorted(),
  };
}

/** The stages so that each follows what it waits for; otherwise as they are. */
export function inOrderOfWaits(stages: readonly Stage[]): readonly Stage[] {
  if (stages.every(({ after }) => after === undefined)) return stages;
  const left = [...Map.groupBy(stages, ({ partition }) => partition).values()];
  const done = new Set<string>();
  const ordered: Stage[] = [];
  for (let before = -1; before < ordered.length;) {
    before = ordered.length;
    for (const own of left) {
      const free = own.findIndex(({ after = [] }) => !after.every((id) => done.has(id)));
      for (const stage of own.splice(0, free < 0 ? own.length : free)) {
        ordered.push(stage);
        done.add(stage.id);
      }
    }
  }
  return ordered;
}
