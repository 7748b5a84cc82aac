import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { RolloutStatus } from '../../src/reconcile/rollout-status.ts';
import { instant } from '../../src/model/quantity.ts';
import { NO_DECISIONS, NOTHING_MEASURED } from '../support/builders.ts';
import { EVERY_ACTION, SAMPLE_PLAN } from './sample-plan.ts';
import { REPORT } from './sample-status.ts';
import { anInventory, anOutcome, aSpec, cli, DIGEST } from './support.ts';
import type { CliSettings } from './support.ts';

const root = new URL('../../', import.meta.url);
const text = (path: string) => readFile(new URL(path, root), 'utf8');
const planRun = () =>
  Promise.resolve({
    spec: aSpec(),
    inventory: anInventory(),
    observation: { at: instant(0), iaas: {}, vms: {} },
    ...NOTHING_MEASURED,
    decisions: NO_DECISIONS,
    plan: SAMPLE_PLAN,
  });
const status = () => Promise.resolve(REPORT);
const ROLLOUT: RolloutStatus = {
  alias: 'a',
  revision: 3,
  state: 'succeeded',
  runs: 3,
  image: DIGEST,
  why: 'image php:1 → php:2',
  who: 'op@desk',
  createdAt: '2026-01-01T00:00:00.000Z',
  processes: { new: 2, ready: 2, old: 0 },
};

describe.each([
  ['status', { use: { status } } satisfies CliSettings],
  ['plan', { use: { planRun } } satisfies CliSettings],
] as const)('the document of %s', (name, settings) => {
  const schema = async () => JSON.parse(await text(`schema/${name}-v1.schema.json`)) as object;

  it('is what its schema says', async () => {
    const validate = new Ajv2020({ allErrors: true, strictTypes: false }).compile(await schema());
    const { stdout } = await cli([name, '-o', 'json'], settings);
    expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
  });

  it('has each of its fields in docs/json.md', async () => {
    const documented = (await text('docs/json.md')).replaceAll('[].', '`.`').split(/`[.]?/);
    for (const field of fieldsOf(await schema())) expect(documented, field).toContain(field);
  });

  it('is the same as YAML', async () => {
    const [json, yaml] = [await cli([name, '-o', 'json'], settings), await cli(['-o', 'yaml', name], settings)];
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
  });
});

describe('documents', () => {
  it('of plan has one sample of every kind of action that its schema knows', async () => {
    const schema = JSON.parse(await text('schema/plan-v1.schema.json')) as {
      $defs: { action: { oneOf: { properties: { kind: { const: string } } }[] } };
    };
    const known = schema.$defs.action.oneOf.map((action) => action.properties.kind.const);
    expect(new Set(EVERY_ACTION.map((action) => action.kind))).toEqual(new Set(known));
  });

  const transfer = {
    from: 'php:8.2',
    to: 'hub:php:8.2',
    digest: DIGEST,
    unchanged: false,
    dryRun: false,
    blobs: { present: 1, mounted: 0, sent: 2 },
    bytes: 12,
    attached: 0,
  };
  const image = {
    digest: DIGEST,
    layers: [],
    config: { mediaType: 'x', digest: DIGEST, size: 1 },
    run: { argv: ['/init'], env: {}, user: '', workingDir: '/', ports: [80] },
    architecture: 'amd64',
    labels: {},
  } as never;
  const named = { references: ['php:8.2'], image };
  const one =
    <T>(value: T) =>
    () =>
      Promise.resolve(value);
  const edited = one({ file: '/srv/fleet/stratos.yaml', changed: true });
  const outcome = one(anOutcome({ done: 1 }));
  const rolledOut = {
    setMaking: one({ file: '/srv/fleet/stratos.yaml', changed: true, spec: aSpec() }),
    rolloutRun: one({ outcome: anOutcome({ done: 1 }), status: ROLLOUT }),
  };
  it.each<[readonly string[], string, CliSettings]>([
    [['init'], 'Project', { use: { initProject: one(['/srv/fleet/stratos.yaml']) } }],
    [['validate'], 'Validation', { deps: { loadSpec: one(aSpec()) } }],
    [['reconcile'], 'ReconcileResult', { use: { reconcile: outcome } }],
    [['reconcile', '--dry-run'], 'Plan', { use: { planRun } }],
    [['apply', 'p.yaml'], 'ReconcileResult', { use: { readPlan: one(SAMPLE_PLAN), applyPlan: outcome } }],
    [['subscribe', 'a', '-c', 'php'], 'Subscription', { use: { subscribe: edited } }],
    [['rollout', 'a'], 'Rollout', { use: rolledOut }],
    [['rollout', 'status', 'a'], 'Rollout', { use: { rolloutStatus: one(ROLLOUT) } }],
    [['rollout', 'history', 'a'], 'RolloutHistory', { use: { rolloutHistory: one([]) } }],
    [['rollout', 'pause', 'a'], 'Rollout', { use: { rolloutMark: one(ROLLOUT) } }],
    [['rollout', 'promote', 'a'], 'Rollout', { use: { ...rolledOut, rolloutMark: one(ROLLOUT) } }],
    [['rollback', 'a', '--to', '2'], 'Rollout', { use: { ...rolledOut, rollbackTarget: one({ number: 2 } as never) } }],
    [['unsubscribe', 'a'], 'Subscription', { use: { unsubscribe: edited } }],
    [['tenant', 'add', 'a', 'acme', '--host', 'a.b'], 'Tenant', { use: { addTenant: edited } }],
    [['tenant', 'rm', 'a', 'acme'], 'Tenant', { use: { removeTenant: edited } }],
    [
      ['tenant', 'ls'],
      'TenantList',
      { use: { listTenants: () => Promise.resolve([{ alias: 'a', tenant: 'acme', hosts: ['a.b'] }]) } },
    ],
    [['scale', 'a', '--min', '1'], 'Subscription', { use: { scale: edited } }],
    [['cartridge', 'ls'], 'CartridgeList', { use: { listCartridges: one([named]) } }],
    [
      ['cartridge', 'show', 'php:8.2'],
      'Cartridge',
      { use: { showCartridge: one({ ...named, attached: [], bases: [] }) } },
    ],
    [['cartridge', 'build', '.'], 'Cartridge', { use: { buildCartridge: one(named) } }],
    [['cartridge', 'import', 'x.tar', '-t', 'x:1'], 'Cartridge', { use: { importCartridge: one([named]) } }],
    [['cartridge', 'import', 'site.tar'], 'CartridgeList', { use: { importCartridge: one([named, named]) } }],
    [
      ['cartridge', 'export', 'php:8.2', 'x.tar'],
      'CartridgeExported',
      { use: { exportCartridges: one({ images: [named], size: 12 as never }) } },
    ],
    [
      ['cartridge', 'bundle', 'x.tar', '--spec'],
      'CartridgeExported',
      { use: { exportCartridges: one({ images: [named], size: 12 as never }) } },
    ],
    [
      ['cartridge', 'diff', 'php:8.2', 'php:9'],
      'CartridgeDiff',
      {
        use: {
          diffCartridges: one({
            files: [{ path: 'etc/x', change: 'added' as const, after: 1 }],
            packages: [{ name: 'a', before: '1', after: '2' }],
            size: { before: 1, after: 2 },
            content: { before: 1, after: 2 },
          }),
        },
      },
    ],
    [
      ['cartridge', 'prune'],
      'CartridgesPruned',
      {
        use: {
          pruneCartridges: one({
            removed: ['a:1'],
            kept: [],
            freed: 12 as never,
            builds: { count: 1, freed: 5 as never },
          }),
        },
      },
    ],
    [['cartridge', 'tag', 'php:8.2', 'php:9'], 'Cartridge', { use: { tagCartridge: one(named) } }],
    [['cartridge', 'verify', 'php:8.2'], 'Cartridge', { use: { verifyCartridge: one({ ...named, signatures: [] }) } }],
    [
      ['cartridge', 'sign', 'php:8.2'],
      'CartridgeSigned',
      { use: { signCartridge: one({ ...named, key: 'SHA256:k' }) } },
    ],
    [
      ['cartridge', 'commit', 'shop-1'],
      'Cartridge',
      { use: { commitCartridge: one({ ...named, process: 'shop-1', frozenMs: 12 }) } },
    ],
    [
      ['cartridge', 'add', 'php', '-i', 'php:8.2', '--partition', 'web'],
      'CartridgeAdded',
      { use: { addCartridge: one({ file: '/srv/fleet/stratos.yaml', changed: true, values: { image: 'php:8.2' } }) } },
    ],
    [['cartridge', 'push', 'php:8.2', 'hub:php:8.2'], 'CartridgeTransfer', { use: { pushCartridge: one(transfer) } }],
    [['cartridge', 'pull', 'hub:php:8.2'], 'CartridgeTransfer', { use: { pullCartridge: one(transfer) } }],
    [['cartridge', 'copy', 'a:1', 'b:1'], 'CartridgeTransfer', { use: { copyCartridge: one(transfer) } }],
    [
      ['cartridge', 'search', 'php'],
      'CartridgeSearch',
      { use: { searchCartridges: one([{ name: 'hub:php:8.2', digest: DIGEST }]) } },
    ],
    [
      ['store', 'ls'],
      'StoreList',
      { use: { listStores: one([{ name: 'hub', kind: 'oci', place: 'https://x', isDefault: true }]) } },
    ],
    [['store', 'add', 'hub', 'x.example'], 'Store', { use: { addStore: one({ file: 'x', changed: true }) } }],
    [['store', 'rm', 'hub'], 'Store', { use: { removeStore: one({ file: 'x', changed: true }) } }],
    [
      ['store', 'login', 'hub', '-u', 'ann', '--password-stdin'],
      'StoreLogin',
      { use: { loginStore: one('config.json') }, input: 'secret' },
    ],
    [['store', 'logout', 'hub'], 'StoreLogout', { use: { logoutStore: one({ removed: ['config.json'], left: [] }) } }],
    [['cartridge', 'rm', 'php:8.2'], 'CartridgeRemoved', { use: { removeCartridges: one(12 as never) } }],
    [['process', 'ls'], 'ProcessList', { use: { status } }],
    [['process', 'show', 'shop-1'], 'Process', { use: { status } }],
    [['process', 'snapshot', 'shop-1'], 'Snapshot', { use: { processSnapshot: one({ snapshot: 'snap0' }) } }],
    [['process', 'snapshots', 'shop-1'], 'SnapshotList', { use: { processSnapshots: one([]) } }],
    [
      ['process', 'snapshots', 'shop-1', '--remove', 'snap0'],
      'SnapshotRemoved',
      { use: { processSnapshotRemove: one(undefined) } },
    ],
    [['process', 'restore', 'shop-1', 'snap0'], 'Restored', { use: { processRestore: one(undefined) } }],
    [
      ['process', 'cp', 'shop-1:/etc/a', '.'],
      'Copied',
      { use: { processCopyOut: one({ process: 'shop-1', path: '/srv/a', files: 1, bytes: 2, skipped: [] }) } },
    ],
    [['process', 'restart', 'shop-1'], 'Restarted', { use: { processRestart: one(undefined) } }],
    [['process', 'sleep', 'shop-1'], 'Slept', { use: { processSleep: one(undefined) } }],
    [['process', 'wake', 'shop-1'], 'Woken', { use: { processWake: one(undefined) } }],
    [['vm', 'ls'], 'VmList', { use: { status } }],
    [['vm', 'show', 'web-1'], 'Vm', { use: { status } }],
    [['vm', 'prepare', 'web-1'], 'VmsPrepared', { use: { vmPrepare: one(undefined) } }],
    [
      ['cartridge', 'preload', 'php:8.2'],
      'CartridgePreloaded',
      { use: { preload: one({ image: `sha256:${'a'.repeat(64)}`, vms: [], done: 0, failed: [], skipped: 0 }) } },
    ],
    [['vm', 'prune', '--all'], 'VmsPruned', { use: { vmPrune: one({ pruned: [], failed: [] }) } }],
    [['vm', 'ls', '--orphans'], 'OrphanList', { use: { findOrphans: one({ orphans: [], silent: [] }) } }],
    [['vm', 'bake', 'a-1'], 'VmBaked', { use: { vmBake: one({ vm: 'a-1', iaas: 'lab', image: 'i' }) } }],
    [['iaas', 'ls'], 'IaasList', { use: { iaasList: one([]) } }],
    [['iaas', 'check', 'lab'], 'IaasCheck', { use: { iaasCheck: one({ iaas: 'lab', kind: 'local', findings: [] }) } }],
    [['vm', 'cordon', 'web-1'], 'VmMarked', { use: { vmCordon: one(undefined) } }],
    [['vm', 'uncordon', 'web-1'], 'VmMarked', { use: { vmUncordon: one(undefined) } }],
    [['vm', 'drain', 'web-1'], 'ReconcileResult', { use: { vmDrain: outcome } }],
    [['inventory', 'ls'], 'Inventory', {}],
    [['events'], 'EventList', { use: { readEvents: one([]) } }],
    [['doctor'], 'Doctor', { use: { doctor: one([]) } }],
    [
      ['destroy', '--yes', '--purge'],
      'Destroyed',
      { use: { destroy: one({ vms: 1, processes: 2, failed: [] }), purge: one({ removed: [], kept: [] }) } },
    ],
  ])('of %j is one document of kind %s, documented, with --quiet too', async (args, kind, settings) => {
    const { stdout, stderr } = await cli([...args, '-o', 'json', '--quiet'], settings);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(document).toMatchObject({ apiVersion: 'stratos/v1', kind });
    expect(stderr).toBe('');
    const line = (await text('docs/json.md')).split('\n').find((row) => row.startsWith(`| \`${kind}\``));
    if (kind === 'Plan') return;
    for (const field of Object.keys(document).slice(2)) expect(line, kind).toContain(`\`${field}`);
  });
});

/** Names of all properties at any depth. */
function fieldsOf(schema: object): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { properties } = value as { properties?: object };
    for (const name of Object.keys(properties ?? {})) found.add(name);
    Object.values(value).forEach(visit);
  };
  visit(schema);
  return found;
}
