/** Preparation: one idempotent script makes a plain Linux machine a VM of the partition. */
import { prepareFingerprint, prepareStep } from '../../lxc/prepare.ts';
import { NotFoundError, RemoteCommandError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import { preparationOf } from '../preparation.ts';
import { loginTo } from '../login-to.ts';
import { NO_FAILURES, type Handler } from './handler.ts';
import { recordOf } from './machines.ts';

/** Installing packages on a plain machine over a slow line. */
const PREPARE_TIMEOUT = millis(15 * 60_000);

export const prepareVm: Handler<'vm.prepare'> = async (context, vm) => {
  const record = recordOf(context, vm);
  const partition = context.spec.partitions[record.partition];
  const endpoint = loginTo(record, `prepare ${vm}`);
  if (!partition) throw new NotFoundError(`Cannot reach ${vm} as it is of no partition`);
  const input = preparationOf(context.lineage, vm, partition.network);
  const [result] = await context.deps.transport.run(
    vm,
    endpoint,
    { steps: [prepareStep(input)], timeout: PREPARE_TIMEOUT },
    { signal: context.signal },
  );
  if (result?.status !== 0)
    throw new RemoteCommandError(`Cannot prepare ${vm}: ${lastLine(result?.stderr ?? '')}`, {
      hint: `stratos vm prepare ${vm}`,
    });
  context.recorder.putVm({ ...record, state: 'ready', prepared: prepareFingerprint(input) });
  await context.recorder.commit();
  return NO_FAILURES;
};

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'no answer';
}
