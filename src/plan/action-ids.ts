import type { ActionKind } from '../model/plan.ts';

/** Gives each action of a plan its id: `<kind>:<target>`, and `#2`, `#3` … where the target is acted upon again. */
export type ActionIds = (kind: ActionKind, target: string) => string;

export function actionIds(): ActionIds {
  const given = new Map<string, number>();
  return (kind, target) => {
    const id = `${kind}:${target}`;
    const times = (given.get(id) ?? 0) + 1;
    given.set(id, times);
    return times === 1 ? id : `${id}#${times}`;
  };
}
