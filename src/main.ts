/** Where the program starts and ends: the version at once, everything else loaded for the command that needs it. */
import manifest from '../package.json' with { type: 'json' };

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) process.stdout.write(`${manifest.version}\n`);
else await main();

async function main(): Promise<void> {
  const [{ compose }, { USE_CASES }, { earlyOptions }, { runCommandLine }, { processIo }] = await Promise.all([
    import('./compose/compose.ts'),
    import('./compose/use-cases.ts'),
    import('./commands/early-options.ts'),
    import('./commands/run-command-line.ts'),
    import('./report/io.ts'),
  ]);
  const interrupt = new AbortController();
  const io = processIo(earlyOptions(args));
  const { env, stdin, stdout, stderr } = process;
  const composition = compose({
    version: manifest.version,
    io,
    env,
    cwd: process.cwd(),
    streams: { stdin, stdout, stderr },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) process.exit(130);
      interrupt.abort();
      composition.notice('stopping: what has begun is being finished; once more to end at once');
    });
  }
  // A reader that went away (`| head`) is a wish to stop, not a failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    interrupt.abort();
  });
  process.exitCode = await runCommandLine(args, {
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
  setTimeout(() => process.exit(), 1000).unref();
}
