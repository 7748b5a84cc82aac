/** Builds the real dependencies of one run of the program, each loaded when it is first needed. */
import { join, resolve } from 'node:path';
import type { GlobalOptions } from '../commands/global-options.ts';
import type { StratosEvent } from '../model/event.ts';
import { instant } from '../model/quantity.ts';
import type { IaasProvider } from '../iaas/provider.ts';
import type { Deps } from '../reconcile/deps.ts';
import { eventStream } from '../report/event-stream.ts';
import type { Io } from '../report/io.ts';
import { paintFor } from '../report/io.ts';
import type { Progress } from '../report/progress.ts';
import { progress } from '../report/progress.ts';
import type { TerminalStreams } from '../ssh/transport.ts';
import type { ImageRegistry } from '../store/registry.ts';
import type { EventRecorder } from './event-recorder.ts';
import { eventRecorder } from './event-recorder.ts';
import { lazyPrices } from './lazy-prices.ts';
import { lazyMemory } from './lazy-memory.ts';
import { lazyTransport } from './lazy-transport.ts';

export interface ComposeSettings {
  readonly version: string;
  readonly io: Io;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly streams: TerminalStreams;
}

export interface Composition {
  /** Dependencies for the project that the options name; one project in a run. */
  open(globals: GlobalOptions): Promise<Deps>;
  /** Tells something beside the work: on the screen, not in the log. */
  notice(message: string): void;
  /** Takes the progress off the screen. */
  settle(): void;
  /** Ends connections and writes what is left of the event log. */
  close(): Promise<void>;
}

/** Nothing is read, loaded or connected yet. */
export function compose(settings: ComposeSettings): Composition {
  let run: string | undefined;
  // Made when there is something to record: most runs that only read never need one.
  const runId = (): string => (run ??= globalThis.crypto.randomUUID());
  const closing: (() => Promise<void>)[] = [];
  let screen: Progress | undefined;
  const notice = (message: string): void => {
    const event: StratosEvent = { type: 'warning', message };
    if (screen) screen.sink(event);
    else settings.io.err.write(`! ${message}\n`);
  };
  return {
    notice,
    settle: () => screen?.stop(),
    async open(globals) {
      const directory = resolve(settings.cwd, globals.dir ?? settings.env.STRATOS_DIR ?? '.');
      const recorder = openRecorder(directory, runId, notice);
      const shown = await openProgress(settings.io, globals, recorder);
      screen = shown;
      const deps = await openDeps(
        directory,
        settings,
        (event) => {
          shown.sink(event);
          recorder.sink(event);
        },
        () => {
          shown.stop();
        },
        () => (run = globalThis.crypto.randomUUID()),
      );
      closing.push(
        () => deps.transport.close(),
        () => recorder.close(),
      );
      return deps;
    },
    async close() {
      screen?.stop();
      for (const end of closing) await end();
    },
  };
}

function openRecorder(directory: string, run: () => string, notice: (message: string) => void): EventRecorder {
  return eventRecorder({
    append: async (events) => {
      const { eventLog } = await import('../inventory/event-log.ts');
      await eventLog(directory).append(events);
    },
    run,
    now: Date.now,
    onFailure: (error) => {
      notice(error instanceof Error ? error.message : String(error));
    },
  });
}

async function openProgress(io: Io, globals: GlobalOptions, recorder: EventRecorder): Promise<Progress> {
  if (globals.events === 'json') return eventStream(io.err, recorder.stamp);
  return progress(io.err, { paint: await paintFor(io.err), quiet: globals.quiet });
}

async function openDeps(
  directory: string,
  settings: ComposeSettings,
  emit: Deps['emit'],
  settle: () => void,
  beginRun: Deps['beginRun'],
): Promise<Deps> {
  const { env, io, version, streams } = settings;
  const { who } = await import('../host/who.ts');
  const { fileInventory, STATE_DIRECTORY } = await import('../inventory/file-inventory.ts');
  const state = join(directory, STATE_DIRECTORY);
  const keys = join(state, 'ssh');
  const opened = new Map<string, Promise<ImageRegistry>>();
  const openStore: Deps['openStore'] = (spec) => {
    const key = JSON.stringify(spec);
    const known = opened.get(key) ?? import('../store/open-registry.ts').then((to) => to.openRegistry(spec, { env }));
    opened.set(key, known);
    return known;
  };
  const providers = new Map<string, Promise<IaasProvider>>();
  // One adapter of each IaaS for a whole run: what its API bears is counted there.
  const providerOf: Deps['providerOf'] = (spec, lineage) => {
    const key = JSON.stringify([lineage, spec]);
    const onStep = (message: string): void => {
      emit({ type: 'step', message });
    };
    const known =
      providers.get(key) ??
      import('../iaas/load-provider.ts').then((to) => to.loadProvider(spec, { lineage, env, onStep }));
    providers.set(key, known);
    return known;
  };
  const identity = async (): ReturnType<Deps['identity']> => (await import('../ssh/key-pair.ts')).ensureKeyPair(keys);
  return {
    directory,
    env,
    emit,
    beginRun,
    who,
    runHook: async (hook, facts, timeout, signal) =>
      (await import('../host/run-hook.ts')).runHook({ directory, hook, facts, env, timeout, signal }),
    now: () => instant(Date.now()),
    loadSpec: async () => (await import('../inventory/load-spec.ts')).loadSpec(directory),
    inventory: fileInventory(directory, { version }),
    memory: lazyMemory(directory, emit),
    prices: lazyPrices(directory, emit),
    transport: lazyTransport(async () => {
      const { sshTransport } = await import('../ssh/ssh-transport.ts');
      // A directory that cannot be written has its own message where a key is really needed.
      const own = await identity().catch(() => undefined);
      return sshTransport({
        directory: keys,
        env,
        streams,
        ...(own ? { identityFile: own.privateKeyFile } : {}),
        ...(io.canPrompt
          ? {
              askPassphrase: async (file: string) => {
                settle();
                return (await io.askSecret(`Passphrase of ${file}: `)) ?? '';
              },
            }
          : {}),
      });
    }),
    storeOf: async ({ store }) => (await import('./open-directory-store.ts')).openDirectoryStore(store.path, env),
    openStore,
    signaturesOf: async (spec, digest, reference) => {
      const { store, trust } = spec;
      if (!trust) return [];
      const [{ checkSignatures }, { directoryRegistry }] = await Promise.all([
        import('../store/trust/signatures.ts'),
        import('../store/directory-registry.ts'),
      ]);
      const local = { registry: directoryRegistry('store', store.path), repository: '' };
      if (reference === undefined || (await local.registry.resolve('', digest)))
        return checkSignatures(local, digest, trust, { env });
      const { remotePlace } = await import('../store/remote-images.ts');
      const place = await remotePlace(reference, spec, openStore, { pin: digest });
      return checkSignatures(place ?? local, digest, trust, { env });
    },
    providerOf,
    identity,
    fingerprintKey: async () => (await import('../inventory/secret-key.ts')).ensureSecretKey(state),
  };
}
