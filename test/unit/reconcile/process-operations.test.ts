import { describe, expect, it } from 'vitest';
import type { StratosEvent } from '../../../src/model/event.ts';
import { processRestore } from '../../../src/reconcile/process-operations.ts';
import type { Transport } from '../../../src/ssh/transport.ts';
import { anInventory, memoryInventory, someDeps } from '../../cli/support.ts';

/** Dependencies whose VMs answer each step with a failure. */
function failing(stderr: string): Parameters<typeof processRestore>[0] {
  const lock = () => Promise.resolve({ release: () => Promise.resolve() } as never);
  const run: Transport['run'] = (_vm, _endpoint, batch) =>
    Promise.resolve(batch.steps.map(({ title }) => ({ title, status: 1, stdout: '', stderr, ms: 1 }) as never));
  const deps = someDeps({ inventory: memoryInventory(anInventory(), { lock }) });
  return { ...deps, transport: { ...deps.transport, run } };
}

describe('processRestore', () => {
  const [process] = anInventory().processes;
  const name = process?.name ?? '';

  it('passes on what the VM refuses as it says it, and where the snapshots are listed', async () => {
    const said = `Cannot restore a snapshot of ${name} as there is none of that name: snap9`;
    await expect(processRestore(failing(`${said}\n`), name, 'snap9')).rejects.toMatchObject({
      message: said,
      hint: `stratos process snapshots ${name}`,
    });
  });

  it('is in the event log with how it ended', async () => {
    const events: StratosEvent[] = [];
    const deps = { ...failing('lxc-snapshot: no space\n'), emit: (event: StratosEvent) => void events.push(event) };
    await expect(processRestore(deps, name, 'snap0')).rejects.toThrow();
    expect(events).toMatchObject([{ type: 'operation.failed', operation: 'process restore', target: name }]);
    expect(events[0]).toHaveProperty('message', expect.stringMatching(/no space/));
  });

  it('puts what a tool says into a sentence', async () => {
    await expect(processRestore(failing('lxc-snapshot: no space\n'), name, 'snap0')).rejects.toMatchObject({
      message: `Cannot restore ${name} on ${process?.vm ?? ''}: lxc-snapshot: no space`,
    });
  });
});
