/**
 * Builds a cartridge image from its directory: the base's layers and one for each step. A step whose inputs are those of an
 * earlier build is not run again; when none has to be, the image is the one that is there.
 */
import { resolve } from 'node:path';
import { readCartridgeFile } from '../../inventory/cartridge-file.ts';
import { UsageError } from '../../model/errors.ts';
import type { Image } from '../../model/image.ts';
import type { CartridgeFile } from '../cartridge-file.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import type { OciConfig } from '../oci.ts';
import type { Material } from '../provenance.ts';
import { parseName } from '../reference.ts';
import { baseTitle, provideBase } from './build-base.ts';
import type { Base } from './build-base.ts';
import { buildSetup, setVariables } from './build-setup.ts';
import type { Builder, Workspace } from './builder.ts';
import { imageConfig } from './image-config.ts';
import { lowerFolders } from './lower-folders.ts';
import { renewUsed } from './renew-used.ts';
import { runStep } from './run-step.ts';
import { stepCache } from './step-cache.ts';
import type { StepCache } from './step-cache.ts';
import { chainOf, stepKey, stepsOf, titleOf } from './steps.ts';
import type { BuildStep } from './steps.ts';

export interface BuildOptions {
  readonly store: DirectoryStore;
  readonly builder: Builder;
  /** Folder of this machine that remembers which layer a step made. */
  readonly cache: string;
  /** `name:tag` or a tag alone; default the cartridge file's name and version. */
  readonly tag?: string;
  readonly onStep?: (step: StepReport) => void;
  /** Lines that the tools of the build print. */
  readonly onOutput?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Builds again, base included. */
  readonly noCache?: boolean;
  /** The operator's environment: its proxy is used for the time of the build, and `SOURCE_DATE_EPOCH`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called when a command fails, while its container is still there; `shell` connects the terminal to it. */
  readonly onFailure?: (shell: () => Promise<number>) => Promise<void>;
}

/** A step that begins (without a time) or is done. */
export interface StepReport {
  readonly title: string;
  /** How many steps there are, and which of them this is, from 1. */
  readonly count: number;
  readonly number: number;
  readonly ms?: number;
  readonly cached?: boolean;
}

export interface BuildResult {
  readonly image: Image;
  /** `name:tag`. */
  readonly reference: string;
  readonly ms: number;
  /** Nothing had to be built. */
  readonly cached: boolean;
  /** What it stands on. */
  readonly from: Material;
}

/**
 * Builds the cartridge in `directory`, adds it to the store and names it. Runs in containers that are gone afterwards, also
 * after a failure; what a killed build left is removed by the next one.
 * @throws HostError when a tool is missing; UnreachableError
 * @throws InvalidSpecError for a wrong cartridge file; NotFoundError for a file or base that is not there
 * @throws StoreError with the last lines of a command that failed; InterruptedError
 */
export async function buildCartridge(directory: string, options: BuildOptions): Promise<BuildResult> {
  const started = performance.now();
  const { store, builder, signal } = options;
  const home = resolve(directory);
  const file = await readCartridgeFile(home);
  const reference = nameOf(file, options.tag);
  const epoch = sourceDate(options.env ?? {});
  const steps = await stepsOf(file, home);
  const workspace = await builder.open(signal);
  try {
    const build = new Build(file, steps, workspace, options);
    const base = await build.base(home, epoch);
    const layers = await build.layers(base);
    const config = imageConfig(file, base, steps.map(titleOf));
    const image = await addOnce(store, reference, layers, config);
    await renewUsed(builder, { base: base.kept, layers }, signal);
    const from = base.material;
    return { image, reference, ms: performance.now() - started, cached: build.cached, from };
  } finally {
    await workspace.close();
  }
}

/** One build while it runs. */
class Build {
  /** Whether nothing had to be made so far. */
  cached = true;
  readonly #file: CartridgeFile;
  readonly #steps: readonly BuildStep[];
  readonly #workspace: Workspace;
  readonly #options: BuildOptions;
  readonly #cache: StepCache;
  readonly #settings: () => ReturnType<typeof buildSetup>;

  constructor(file: CartridgeFile, steps: readonly BuildStep[], workspace: Workspace, options: BuildOptions) {
    const { builder, cache, store, env = {}, signal } = options;
    this.#file = file;
    this.#steps = steps;
    this.#workspace = workspace;
    this.#options = options;
    this.#cache = stepCache(cache, builder, store);
    const setup = { builder, workspace, suite: suiteOf(file), env, signal };
    this.#settings = once(() => buildSetup(setup));
  }

  async base(directory: string, epoch: number | undefined): Promise<Base> {
    const { builder, store, cache, onOutput = ignore, signal, noCache = false } = this.#options;
    const common = { builder, store, cache, onOutput, signal, noCache, workspace: this.#workspace };
    const options = { ...common, steps: this.#cache, directory, settings: this.#settings, epoch };
    return this.#timed(0, baseTitle(this.#file.from), async () => {
      const base = await provideBase(this.#file.from, options);
      return { result: base, cached: base.cached };
    });
  }

  /** The layers of the base and of all steps. */
  async layers(base: Base): Promise<readonly NewLayer[]> {
    const { builder, store, onOutput = ignore, signal, noCache = false, onFailure } = this.#options;
    const env = { ...base.config.env, ...this.#file.env };
    const layers = [...base.layers];
    const variables = once(async () => {
      const settings = await this.#settings();
      await setVariables({ builder, workspace: this.#workspace, suite: undefined, env, signal }, settings, env);
    });
    let lowers: readonly string[] | undefined;
    for (const [i, step] of this.#steps.entries()) {
      const below = { layers, env, epoch: base.epoch };
      const key = stepKey(step, below);
      const layer = await this.#timed(i + 1, titleOf(step), async () => {
        const known = noCache ? undefined : await this.#cache.find(key, (of) => this.#layerFile([...layers, of]));
        if (known) return { result: known, cached: true };
        lowers ??= await lowerFolders(layers, { builder, store, signal });
        if (step.kind !== 'copy') await variables();
        const common = { builder, store, onOutput, signal, onFailure, workspace: this.#workspace };
        const made = await runStep(step, { ...common, below, lowers });
        lowers = [made.delta, ...lowers];
        await this.#cache.keep(key, made.layer);
        return { result: made.layer, cached: false };
      });
      layers.push(layer);
    }
    return layers;
  }

  #layerFile(layers: readonly NewLayer[]): string {
    return `${this.#options.builder.cache}/layers/${chainOf(layers)}/layer`;
  }

  async #timed<T>(
    number: number,
    title: string,
    work: () => Promise<{ readonly result: T; readonly cached: boolean }>,
  ): Promise<T> {
    const { onStep } = this.#options;
    const report = { title, number: number + 1, count: this.#steps.length + 1 };
    onStep?.(report);
    const started = performance.now();
    const { result, cached } = await work();
    if (!cached) this.cached = false;
    onStep?.({ ...report, ms: performance.now() - started, cached });
    return result;
  }
}

/** The name an image gets: a tag alone replaces the version. */
function nameOf(file: CartridgeFile, tag: string | undefined): string {
  if (tag === undefined) return parseName(`${file.name}:${file.version}`);
  return parseName(tag.includes(':') ? tag : `${file.name}:${tag}`);
}

/** Release whose packages are installed; undefined where only the base can know. */
function suiteOf({ from }: CartridgeFile): string | undefined {
  return from.kind === 'debootstrap' ? from.suite : undefined;
}

/** https://reproducible-builds.org/specs/source-date-epoch/ @throws UsageError */
function sourceDate(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,12}$/.test(text))
    throw new UsageError(`Cannot build as SOURCE_DATE_EPOCH is no number of seconds: ${JSON.stringify(text)}`);
  return Number(text);
}

/** An image that differs from the one of this name in nothing is that one: nothing has to be replaced. */
async function addOnce(
  store: DirectoryStore,
  reference: string,
  layers: readonly NewLayer[],
  config: Omit<OciConfig, 'rootfs'>,
): Promise<Image> {
  const current = await store.find(reference).catch(() => undefined);
  if (current) {
    const { rootfs, ...known } = await store.config(current);
    const same =
      current.layers.map((layer) => layer.digest).join() === layers.map((layer) => layer.digest).join() &&
      rootfs.diff_ids.join() === layers.map((layer) => layer.diffId).join() &&
      JSON.stringify(known) === JSON.stringify(config);
    if (same) return current;
  }
  return store.addImage(reference, layers, config);
}

/** Does work at most once. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

function ignore(): void {
  // Nobody listens.
}
