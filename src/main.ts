/** Where the program starts: the version at once, everything else loaded for the command that needs it. */
import manifest from '../package.json' with { type: 'json' };

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) process.stdout.write(`${manifest.version}\n`);
else await (await import('./compose/run.ts')).run(process, args, manifest.version);
