/** What a process changed of its image, as a layer of the store. */
import { IDMAP, LAYOUT } from '../../lxc/layout.ts';
import { RemoteCommandError } from '../../model/errors.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import packText from '../scripts/pack-layer.sh';
import layerText from '../scripts/process-layer.sh';
import { takeLayer } from './run-step.ts';
import type { PackedLayer } from './run-step.ts';
import { vmBuilder } from './vm-builder.ts';
import type { VmBuilderOptions } from './vm-builder.ts';

export interface ProcessLayerOptions extends VmBuilderOptions {
  readonly process: string;
  readonly lineage: string;
  /** Paths in the process whose contents stay out, beside those of what lives as long as a process. */
  readonly without: readonly string[];
  readonly store: DirectoryStore;
  readonly signal?: AbortSignal | undefined;
}

export interface ProcessLayer {
  readonly layer: NewLayer;
  /** How long the process stood still, in ms. */
  readonly frozenMs: number;
}

/** What ends with a process, or is the business of the VM. */
const TRANSIENT = ['/run', '/tmp', '/var/tmp', '/dev', '/proc', '/sys'];

/**
 * Packs the changes on the VM and fetches them. The process is frozen while they are copied there.
 * @throws RemoteCommandError when it is not there, UnreachableError, InterruptedError
 */
export async function takeProcessLayer(options: ProcessLayerOptions): Promise<ProcessLayer> {
  const { process, lineage, without, store, signal } = options;
  const builder = vmBuilder(options);
  const workspace = await builder.open(signal);
  try {
    const { folder } = workspace;
    const words = [folder, LAYOUT.processes, LAYOUT.bin, process, lineage, IDMAP.first, IDMAP.count];
    const argv = ['unshare', '--mount', 'sh', '-c', `${packText}\n${layerText}`, 'sh', ...words, ...TRANSIENT] as const;
    let packed: (PackedLayer & { readonly frozen: number }) | undefined;
    const onAnswer = (line: string): void => {
      if (line.startsWith('{')) packed = JSON.parse(line) as typeof packed;
    };
    const title = `take the changes of ${process}`;
    const { status, tail } = await builder.exec(title, [...argv, ...without], { onAnswer, signal });
    if (status !== 0 || !packed) {
      const said = tail.at(-1) ?? `status ${String(status)}`;
      throw new RemoteCommandError(said.startsWith('Cannot ') ? said : `Cannot ${title} on ${options.vm}: ${said}`, {
        hint: `stratos process show ${process}`,
      });
    }
    const layer = await takeLayer(builder, store, packed, `${folder}/entry/layer`, signal);
    return { layer, frozenMs: packed.frozen };
  } finally {
    await workspace.close();
  }
}
