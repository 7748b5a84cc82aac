/** What bringing an image to a VM is given, and the ways it fails. */
import type { Pacer } from '../concurrency/pacer.ts';
import { ROOT } from '../lxc/layout.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RemoteCommandError, StoreError } from '../model/errors.ts';
import type { Image, ImageLayer } from '../model/image.ts';
import { formatBytes } from '../model/quantity.ts';
import type { ScriptStep, StepResult } from '../shell/command.ts';
import { cutLines } from '../shell/cut-lines.ts';
import type { Transport } from '../ssh/transport.ts';
import type { CartridgeStore } from './cartridge-store.ts';
import type { Variant } from './image-layers.ts';
import type { Giver } from './spread/giver.ts';

export interface DistributeOptions {
  readonly transport: Transport;
  /** Name of the VM, for messages. */
  readonly vm: string;
  readonly endpoint: Endpoint;
  readonly store: CartridgeStore;
  readonly image: Image;
  /** Unpack with ownership as it is, for a privileged cartridge. Default false. */
  readonly privileged?: boolean;
  readonly signal?: AbortSignal;
  /** Bytes that came so far, from whomever, and in all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Holds what is sent from here at a rate. */
  readonly pacer?: Pacer;
  /** Leave compressed layers there for other VMs to fetch. Default false. */
  readonly keep?: boolean;
  /** Another VM that has them; a layer it does not give comes from here. */
  readonly giver?: Giver;
  /** Told of each layer that it does not give: it is not reached from there, or what it has of the layer is not all. */
  readonly onGiverLost?: (why: 'unreached' | 'lacking') => void;
  /** Asked for that VM when it is known which layers have to come, before the first does; takes the place of `giver`. */
  readonly findGiver?: (missing: readonly string[]) => Promise<Giver | undefined>;
  /** Told each layer that begins to come. */
  readonly onBegin?: (digest: string) => void;
  /** Told each layer that is complete there now and has come by this call. */
  readonly onLayer?: (digest: string) => void;
}

/** Layers under way to a VM at one time: unpacking one takes about a processor there. */
export const SIDE_BY_SIDE = 3;

/** How the image is to be unpacked. */
export const variantOf = (options: DistributeOptions): Variant =>
  options.privileged === true ? 'privileged' : 'rootfs';

/** Runs one step there. @throws UnreachableError, InterruptedError */
export async function runStep(options: DistributeOptions, step: ScriptStep): Promise<StepResult> {
  const { transport, vm, endpoint, signal } = options;
  const [result] = await transport.run(vm, endpoint, { steps: [step] }, signal ? { signal } : {});
  if (!result) throw new RemoteCommandError(`Cannot ${step.title} on ${vm} as nothing came back`);
  return result;
}

/** The same, told each line of its standard output as it comes. @throws UnreachableError, InterruptedError */
export async function watchStep(
  options: DistributeOptions,
  step: ScriptStep,
  onLine: (line: string) => void,
): Promise<StepResult> {
  const { transport, vm, endpoint, signal } = options;
  const output = { stdout: '', stderr: '' };
  const lines = cutLines(onLine);
  const [result] = await transport.run(
    vm,
    endpoint,
    { steps: [step] },
    {
      ...(signal && { signal }),
      onOutput: (stream, piece) => {
        output[stream] += piece.toString('utf8');
        if (stream === 'stdout') lines.feed(piece);
        return undefined;
      },
    },
  );
  if (!result) throw new RemoteCommandError(`Cannot ${step.title} on ${vm} as nothing came back`);
  return { ...result, ...output };
}

/** The VM's disk is too small, in bytes. */
export function noSpace({ image, vm }: DistributeOptions, free: number, need: number): StoreError {
  return new StoreError(
    `Cannot bring ${image.digest} to ${vm} as its disk has no space left: ${formatBytes(free)} free, ${formatBytes(need)} needed`,
    { hint: `stratos vm ssh ${vm} -- df -h ${ROOT}` },
  );
}

/** A layer is at fault itself. */
export function refused({ image, vm }: DistributeOptions, layer: ImageLayer, why: string): StoreError {
  return new StoreError(`Cannot bring ${image.digest} to ${vm} as its layer ${layer.digest} is refused: ${why}`, {
    hint: `stratos cartridge show ${image.digest}`,
  });
}

/** The store has what its digest is not. */
export function arrivesDamaged({ image, vm, store }: DistributeOptions, layer: ImageLayer): StoreError {
  return new StoreError(`Cannot bring ${image.digest} to ${vm} as a blob arrives damaged: ${layer.digest}`, {
    hint: `sha256sum ${store.blobPath(layer.digest)}`,
  });
}

/** A script ended where it should not. */
export function remoteFailure({ image, vm }: DistributeOptions, result: StepResult): RemoteCommandError {
  const why = result.stderr.trim().split('\n').at(-1) ?? '';
  return new RemoteCommandError(
    `Cannot ${result.title} for ${image.digest} on ${vm} as it ended with status ${String(result.status)}: ${why}`,
    { hint: 'stratos doctor' },
  );
}
