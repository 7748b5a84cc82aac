/** Where the program starts: the version at once, everything else from the other bundle, `compose/run.ts`. */
import manifest from '../package.json' with { type: 'json' };
import type { CompiledCodeSettings } from './compose/compiled-code.ts';
import type { run } from './compose/run.ts';

/** Digest of the other bundle; the build puts it in. */
declare const BUILD: string;

/** Each keeps compiled code of its own, as what is kept is what the first run used; all others share theirs. */
const OFTEN = ['reconcile', 'status', 'plan'];

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) process.stdout.write(`${manifest.version}\n`);
else void start();

async function start(): Promise<void> {
  const { loadCompiled } = await import('./compose/compiled-code.ts');
  const settings: CompiledCodeSettings = {
    file: `${import.meta.dirname}/run.js`,
    build: BUILD,
    kind: OFTEN.find((command) => args.includes(command)) ?? 'other',
    cache: cacheFolder(),
    user: process.geteuid?.(),
    onExit: (listener) => process.on('exit', listener),
  };
  const program = loadCompiled(settings) as { readonly run: typeof run };
  await program.run(process, args, manifest.version);
}

/** A folder that others can write, such as /tmp, would let them put code there. */
function cacheFolder(): string | undefined {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const home = XDG_CACHE_HOME ?? (HOME === undefined ? undefined : `${HOME}/.cache`);
  return home?.startsWith('/') ? `${home}/stratos` : undefined;
}
