/** One run of the program, from the words of its command line to its exit code. */
import { earlyOptions } from '../commands/early-options.ts';
import { runCommandLine } from '../commands/run-command-line.ts';
import { EXIT } from '../model/errors.ts';
import { processIo } from '../report/io.ts';
import { compose } from './compose.ts';
import { USE_CASES } from './use-cases.ts';

/** Longest time in ms that something left over may hold the program after its work is done. */
const GRACE = 1000;

/** Runs a command line with the streams, signals and environment of `host`, and sets its exit code. */
export async function run(host: NodeJS.Process, args: readonly string[], version: string): Promise<void> {
  const { env, stdin, stdout, stderr } = host;
  const io = processIo(earlyOptions(args));
  const composition = compose({ version, io, env, cwd: host.cwd(), streams: { stdin, stdout, stderr } });
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    host.on(signal, () => {
      if (interrupt.signal.aborted) host.exit(EXIT.interrupted);
      interrupt.abort();
      composition.notice('stopping: what has begun is being finished; once more to end at once');
    });
  }
  // A reader that went away (`| head`) is a wish to stop, not a failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    interrupt.abort();
  });
  host.exitCode = await runCommandLine(args, {
    io,
    signal: interrupt.signal,
    use: USE_CASES,
    open: (globals) => composition.open(globals),
    settle: () => {
      composition.settle();
    },
  });
  await composition.close();
  // Whatever still holds the event loop, such as a child that ignores its end, must not hold the shell.
  setTimeout(() => host.exit(), GRACE).unref();
}
