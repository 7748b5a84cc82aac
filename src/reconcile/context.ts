/** What the handlers of one apply share. */
import type { Image } from '../model/image.ts';
import type { Limiter } from '../concurrency/limiter.ts';
import type { Spec } from '../model/spec.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import type { Spreader } from '../store/spread/spreader.ts';
import type { Deps } from './deps.ts';
import type { Environment } from './environment.ts';
import type { Recorder } from './recorder.ts';

export interface ApplyContext {
  readonly deps: Deps;
  readonly spec: Spec;
  readonly lineage: string;
  readonly recorder: Recorder;
  readonly store: CartridgeStore;
  /** By manifest digest. */
  readonly images: ReadonlyMap<string, Image>;
  /** By reference, as the spec writes it. */
  readonly references: Readonly<Record<string, Image | undefined>>;
  /** By alias. */
  readonly environments: Readonly<Record<string, Environment>>;
  /** One machine at a time is taken from a pool whose machines are told apart by who has them already. */
  readonly claim: Limiter;
  /** Brings images to VMs, from wherever is best. */
  readonly spreader: Spreader;
  readonly signal: AbortSignal;
}
