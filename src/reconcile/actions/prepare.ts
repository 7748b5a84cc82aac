/** Preparation: one idempotent script makes a plain Linux machine a VM of the partition. */
import { poll } from '../../iaas/cloud/poll.ts';
import { prepareFingerprint, prepareStep } from '../../lxc/prepare.ts';
import { NotFoundError, RemoteCommandError, UnreachableError, type UnreachableReason } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import { preparationOf } from '../preparation.ts';
import { loginTo } from '../login-to.ts';
import { NO_FAILURES, type Handler } from './handler.ts';
import { providerNamed, recordOf } from './machines.ts';

/** Installing packages on a plain machine over a slow line. */
const PREPARE_TIMEOUT = millis(15 * 60_000);

/** From a machine's having an address to its SSH server's listening. */
const BOOT_TIMEOUT = millis(5 * 60_000);

/** How a machine that still boots is unreachable: nothing listens, or answers, yet. */
const BOOTING: ReadonlySet<UnreachableReason> = new Set(['refused', 'timeout']);

export const prepareVm: Handler<'vm.prepare'> = async (context, vm) => {
  const record = recordOf(context, vm);
  const partition = context.spec.partitions[record.partition];
  const endpoint = loginTo(record, `prepare ${vm}`);
  if (!partition) throw new NotFoundError(`Cannot reach ${vm} as it is of no partition`);
  const input = preparationOf(context.lineage, vm, partition, context.spec.cartridges);
  const prepare = () =>
    context.deps.transport.run(
      vm,
      endpoint,
      { steps: [prepareStep(input)], timeout: PREPARE_TIMEOUT },
      { signal: context.signal },
    );
  const boots = record.prepared === undefined && (await providerNamed(context, record.iaas)).capabilities.ephemeral;
  const [result] = await (boots ? onceItListens(prepare, context.signal) : prepare());
  if (result?.status !== 0)
    throw new RemoteCommandError(`Cannot prepare ${vm}: ${lastLine(result?.stderr ?? '')}`, {
      hint: `stratos vm prepare ${vm}`,
    });
  context.recorder.putVm({ ...record, state: 'ready', prepared: prepareFingerprint(input) });
  await context.recorder.commit();
  return NO_FAILURES;
};

/** A machine that was made just now has an address before its SSH server is there: what refuses is asked again. */
async function onceItListens<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  let refused: unknown;
  const look = async (): Promise<{ readonly done: T } | undefined> => {
    try {
      return { done: await work() };
    } catch (error) {
      if (!(error instanceof UnreachableError && BOOTING.has(error.reason))) throw error;
      refused = error;
      return undefined;
    }
  };
  const answer = await poll(look, { timeout: BOOT_TIMEOUT, interval: millis(500), signal });
  if (answer) return answer.done;
  throw refused;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'no answer';
}
