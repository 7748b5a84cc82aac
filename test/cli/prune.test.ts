import { describe, expect, it } from 'vitest';
import type { InventoryLock } from '../../src/inventory/inventory-store.ts';
import { UnreachableError } from '../../src/model/errors.ts';
import type { Spec } from '../../src/model/spec.ts';
import { processSnapshotRemove } from '../../src/reconcile/process-operations.ts';
import { vmPrune } from '../../src/reconcile/vm-operations.ts';
import type { Batch, StepResult } from '../../src/shell/command.ts';
import type { CartridgeStore } from '../../src/store/cartridge-store.ts';
import { anInventory, aSpec, cli, DIGEST, memoryInventory } from './support.ts';
import type { CliSettings } from './support.ts';

const SPEC_IMAGE = `sha256:${'5'.repeat(64)}`;
const OLD_IMAGE = `sha256:${'9'.repeat(64)}`;

/** A fleet of two VMs that answer as told, and what was asked of them. */
function fleet(answer: (vm: string) => Partial<StepResult>) {
  const asked: { readonly vm: string; readonly args: readonly string[] }[] = [];
  const run = (vm: string, _endpoint: unknown, { steps }: Batch): Promise<readonly StepResult[]> => {
    for (const step of steps) if (step.kind === 'script') asked.push({ vm, args: step.args.map(String) });
    return Promise.resolve().then(() => [
      { title: 'prune images', status: 0, stdout: '', stderr: '', ms: 1, ...answer(vm) },
    ]);
  };
  const lock = { release: () => Promise.resolve() } as InventoryLock;
  const settings = {
    use: { vmPrune, processSnapshotRemove },
    deps: {
      loadSpec: () => Promise.resolve<Spec>(aSpec()),
      inventory: memoryInventory(anInventory(), { lock: () => Promise.resolve(lock) }),
      storeOf: () =>
        Promise.resolve({ find: () => Promise.resolve({ digest: SPEC_IMAGE }) } as unknown as CartridgeStore),
      transport: { run } as never,
    },
  } satisfies CliSettings;
  return { asked, settings };
}

const hex = (digest: string): string => digest.slice('sha256:'.length);

describe('vm prune', () => {
  it('keeps what processes and cartridges need, and tells what is gone', async () => {
    const { asked, settings } = fleet((vm) => ({
      stdout: vm === 'web-1' ? `{"removed":"${hex(OLD_IMAGE)}"}\n{"freed":1048576}\n` : '{"freed":-4096}\n',
    }));
    const { code, stdout } = await cli(['vm', 'prune', '--all'], settings);
    expect(stdout).toBe('web-1: removed 999999999999; 1Mi freed\nweb-2: nothing to remove\n');
    expect(code).toBe(0);
    expect(asked.map(({ vm }) => vm)).toEqual(['web-1', 'web-2']);
    // After folders and an age: blobs go.
    for (const { args } of asked) expect(args.slice(6)).toEqual(['drop', hex(DIGEST), hex(SPEC_IMAGE)]);
  });

  it('asks the VMs that are named alone', async () => {
    const { asked, settings } = fleet(() => ({ stdout: '{"freed":0}\n' }));
    expect((await cli(['vm', 'prune', 'web-2', 'web-2'], settings)).code).toBe(0);
    expect(asked.map(({ vm }) => vm)).toEqual(['web-2']);
  });

  it('goes on with the others when one VM fails, and says so', async () => {
    const { settings } = fleet((vm) => {
      if (vm === 'web-1') throw new UnreachableError('web-1', 'refused', 'Cannot reach web-1 as it refuses');
      return { status: 1, stderr: 'rm: no\n' };
    });
    const { code, stdout } = await cli(['vm', 'prune', '--all'], settings);
    expect(stdout).toBe('✗ web-1: Cannot reach web-1 as it refuses\n✗ web-2: Cannot prune images on web-2: rm: no\n');
    expect(code).toBe(5);
  });

  it.each([[['vm', 'prune']], [['vm', 'prune', 'web-1', '--all']]])('refuses %j', async (args) => {
    const { asked, settings } = fleet(() => ({}));
    expect((await cli(args, settings)).code).toBe(64);
    expect(asked).toEqual([]);
  });

  it('refuses a VM that is not there, and touches none', async () => {
    const { asked, settings } = fleet(() => ({}));
    const { code, stderr } = await cli(['vm', 'prune', 'web-1', 'web-9'], settings);
    expect(stderr).toContain('Cannot find VM "web-9"');
    expect(code).toBe(1);
    expect(asked).toEqual([]);
  });
});

describe('process snapshots --remove', () => {
  it('deletes that snapshot on the VM of the process', async () => {
    const { asked, settings } = fleet(() => ({}));
    const { stdout } = await cli(['process', 'snapshots', 'shop-3', '--remove', 'snap0'], settings);
    expect(stdout).toBe('removed snap0 of shop-3\n');
    expect(asked).toMatchObject([{ vm: 'web-2', args: [expect.any(String), 'remove', 'shop-3', 'snap0'] }]);
  });

  it('says why it cannot', async () => {
    const { settings } = fleet(() => ({
      title: 'remove a snapshot of shop-3',
      status: 1,
      stderr: 'no snapshot snap7\n',
    }));
    const { code, stderr } = await cli(['process', 'snapshots', 'shop-3', '--remove', 'snap7'], settings);
    expect(stderr).toContain('Cannot remove a snapshot of shop-3 on web-2: no snapshot snap7');
    expect(code).toBe(1);
  });
});
