/** Going to sleep; waking is a start. */
import { parseSleep } from '../../lxc/sleep.ts';
import { NotFoundError, RemoteCommandError, type StratosError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import { CONTAINERS } from '../../runtime/containers.ts';
import { sleepRequest } from '../sleep-request.ts';
import type { Handler } from './handler.ts';
import { runOn, SLACK } from './processes.ts';

/** One that is in use by now stays awake: no failure, and nothing to record. */
export const sleepProcesses: Handler<'process.sleep'> = async (context, vm, actions, progress) => {
  const { recorder, spec, lineage } = context;
  const requests = actions.map(({ process: name, depth }) => {
    const record = recorder.process(name);
    if (!record) throw new NotFoundError(`Cannot put ${name} to sleep as it is not in the inventory`);
    return sleepRequest(spec, record, depth);
  });
  const results = await runOn(context, vm, CONTAINERS.sleep(lineage, requests), millis(SLACK));
  const outcomes = new Map(parseSleep(results).map((outcome) => [outcome.name, outcome]));
  const failures = new Map<string, StratosError>();
  for (const action of actions) {
    const record = recorder.process(action.process);
    const outcome = outcomes.get(action.process);
    if (record && outcome?.slept) recorder.putProcess({ ...record, asleep: outcome.depth ?? action.depth });
    else if (outcome?.busy) progress(action, `stays awake: ${outcome.failure ?? 'it is in use'}`);
    else
      failures.set(
        action.id,
        new RemoteCommandError(
          `Cannot put ${action.process} to sleep: ${outcome?.failure ?? 'no answer from the VM'}`,
          {
            hint: `stratos process logs ${action.process}`,
          },
        ),
      );
  }
  await recorder.commit();
  return failures;
};
