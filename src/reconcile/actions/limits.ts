/** Limits of processes that run: all that a VM gets in one stage is one batch. */
import { parseLimit } from '../../lxc/limits.ts';
import { RemoteCommandError, type StratosError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import { CONTAINERS } from '../../runtime/containers.ts';
import type { Handler } from './handler.ts';
import { NO_ANSWER } from './no-answer.ts';
import { runOn, SLACK } from './processes.ts';

/** One that uses more than it may from now on keeps what it has and goes on: a failure that loses nothing. */
export const limitProcesses: Handler<'process.limit'> = async (context, vm, actions) => {
  const requests = actions.map(({ process: name, resources }) => ({ name, resources }));
  const results = await runOn(context, vm, CONTAINERS.limit(context.lineage, requests), millis(SLACK));
  const outcomes = new Map(parseLimit(results).map((outcome) => [outcome.name, outcome]));
  return new Map(
    actions.flatMap(({ id, process }): [string, StratosError][] => {
      const outcome = outcomes.get(process);
      if (outcome?.limited) return [];
      const why = outcome?.failure ?? NO_ANSWER;
      return [
        [
          id,
          new RemoteCommandError(`Cannot change the limits of ${process}: ${why}`, { hint: `stratos top ${process}` }),
        ],
      ];
    }),
  );
};
