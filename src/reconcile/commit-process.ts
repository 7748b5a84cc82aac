/** An image from a process: its image and one layer of what it changed since. */
import { NotFoundError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import type { Inventory, ProcessRecord } from '../model/inventory.ts';
import { takeProcessLayer } from '../store/build/process-layer.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import type { Deps } from './deps.ts';
import { loginTo } from './login-to.ts';

export interface CommitSettings {
  /** `name:tag`; default the alias, and the time as its tag. */
  readonly tag?: string;
  readonly signal?: AbortSignal;
}

export interface Committed {
  readonly image: Image;
  /** Digest of the image that the process ran. */
  readonly base: string;
  /** The process that was taken. */
  readonly process: string;
  /** How long it stood still, in ms. */
  readonly frozenMs: number;
}

/**
 * Makes an image of a process, or of the first ready process of an alias. It stands still while its changes are copied on its VM;
 * volumes, `/run` and `/tmp` stay out.
 * @throws NotFoundError when there is no such process, or its image is not in the store; RemoteCommandError, UnreachableError
 */
export async function commitProcess(
  deps: Deps,
  store: DirectoryStore,
  target: string,
  { tag, signal }: CommitSettings,
): Promise<Committed> {
  const [inventory, spec] = await Promise.all([deps.inventory.read(), deps.loadSpec()]);
  const record = findProcess(inventory, target);
  const vm = inventory.vms.find(({ name }) => name === record.vm) ?? { name: record.vm };
  const endpoint = loginTo(vm, `commit ${record.name}`);
  const below = await store.find(record.image);
  if (!below)
    throw new NotFoundError(`Cannot commit ${record.name} as its image is not in the store: ${record.image}`, {
      hint: `stratos cartridge pull ${record.image}`,
    });
  const cartridge = spec.cartridges[spec.subscriptions[record.subscription]?.cartridge ?? ''];
  deps.emit({ type: 'step', message: `taking the changes of ${record.name}` });
  const { layer, frozenMs } = await takeProcessLayer({
    ...{ transport: deps.transport, vm: record.vm, endpoint, process: record.name, lineage: inventory.lineage, store },
    without: [...(cartridge?.volumes ?? []).map(({ path }) => path), ...(below.run.volumes ?? [])],
    signal,
  });
  const created = new Date(deps.now()).toISOString();
  const { rootfs: _, ...config } = await store.config(below);
  const image = await store.addImage(
    tag ?? `${record.subscription}:${created.replace(/\D/g, '').slice(0, 14)}`,
    [...below.layers, layer],
    {
      ...config,
      created,
      config: { ...config.config, Labels: { ...below.labels, ...provenance(record, below.digest) } },
      history: [...(config.history ?? []), { created, created_by: `stratos cartridge commit ${record.name}` }],
    },
  );
  return { image, base: below.digest, process: record.name, frozenMs };
}

/** Where an image came from, in the words of OCI and, for what it has none, in ours. */
function provenance({ name, subscription, vm }: ProcessRecord, digest: string): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.base.digest': digest,
    'io.stratos.committed-from': JSON.stringify({ process: name, subscription, vm, image: digest }),
  };
}

function findProcess({ processes }: Inventory, target: string): ProcessRecord {
  const mine = processes.filter(({ subscription }) => subscription === target);
  const found = processes.find(({ name }) => name === target) ?? mine.find(({ state }) => state === 'ready') ?? mine[0];
  if (found) return found;
  throw new NotFoundError(`Cannot commit ${JSON.stringify(target)} as no process or alias has this name`, {
    hint: 'stratos process ls',
  });
}
