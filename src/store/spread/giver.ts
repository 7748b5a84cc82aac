/** VMs that give layers to others: who may ask, for how long, and what the others run to ask. */
import { LAYOUT } from '../../lxc/layout.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { ImageLayer } from '../../model/image.ts';
import { millis } from '../../model/quantity.ts';
import { script, type ScriptStep } from '../../shell/command.ts';
import type { KeyPair } from '../../ssh/key-pair.ts';
import { BLOBS, type Variant } from '../image-layers.ts';
import { takeStep, type TakeOptions } from '../layer-take.ts';
import { hexOf } from '../reference.ts';
import fetchText from '../scripts/layer-fetch.sh';
import accessText from '../scripts/layer-access.sh';
import type { Giving } from './arrival.ts';

/** Minutes after which a key of a run that was killed is worth nothing. */
const KEY_LIFE = 120;
/** Longest time one layer may take from VM to VM, in ms, beside what its size makes of it. */
const FETCH_TIMEOUT = 60 * 60_000;
/** The least that is waited for, in bytes per second: who gives may be getting the layer itself, over a line of any rate. */
const LEAST_RATE = 64 * 2 ** 10;
/** Seconds for which a VM that is to get a layer may be getting nothing: it is about to begin, or to go on after a cut. */
const PATIENCE = 10;

/** A VM that gives, and the key of this run. */
export interface Giver {
  readonly vm: string;
  readonly endpoint: Endpoint;
  readonly key: KeyPair;
  /**
   * What it can give of a layer, answered once that is known: it may be getting the image itself. Absent: it should have all, and who
   * asks finds out.
   */
  readonly gives?: (digest: string) => Promise<Giving>;
  /** The least that one who reads gets where the VM is held at a rate, in bytes per second. */
  readonly share?: number;
}

/**
 * Lets the holder of the run's key read compressed layers on a VM, and nothing else; all who do so get `limit` bytes per second
 * together, 0: as fast as it goes. Keys of runs that are over go.
 */
export function openStep(user: string, run: string, { publicKey }: KeyPair, limit = 0): ScriptStep {
  const [type = '', body = ''] = publicKey.split(' ');
  return access('open', user, run, [LAYOUT.bin, KEY_LIFE, `${type} ${body}`, Math.ceil(limit)]);
}

/** Takes the key of the run away, and the blobs that were kept for others. */
export function closeStep(user: string, run: string, blobs: readonly string[]): ScriptStep {
  return access('close', user, run, [BLOBS, ...blobs.map(hexOf)]);
}

export type FetchOptions = Omit<TakeOptions, 'keep'> & { readonly giving: Exclude<Giving, undefined> };

/**
 * Takes a layer from another VM, of whose blob `have` bytes are there already; prints how far it is, and what taking it from the
 * operator prints. One that is `coming` to the other VM is taken as it comes there.
 */
export function fetchStep(
  layer: ImageLayer,
  variant: Variant,
  { have, known, giving }: FetchOptions,
  giver: Giver,
): ScriptStep {
  const { vm, endpoint, key, share = Infinity } = giver;
  const take = takeStep(layer, variant, { have, known, keep: true });
  const args = [
    ...[take.script.text, LAYOUT.run, endpoint.address, endpoint.port, endpoint.user, endpoint.hostKeys.join('\n')],
    ...[[hexOf(layer.digest), have, layer.size, giving === 'coming' ? PATIENCE : 0].join(' '), ...take.args],
  ];
  return script({ name: 'layer_fetch', text: fetchText }, `take layer ${layer.digest} from ${vm}`, args, {
    stdin: key.privateKey,
    timeout: millis(FETCH_TIMEOUT + ((layer.size - have) / Math.min(share, LEAST_RATE)) * 1000),
  });
}

function access(verb: string, user: string, run: string, rest: readonly (string | number)[]): ScriptStep {
  return script({ name: 'layer_access', text: accessText }, `${verb} the layers to other VMs`, [
    verb,
    user,
    run,
    ...rest,
  ]);
}
