/** From words to an exit code: the one place where errors become text, documents and codes. */
import { EXIT } from '../model/errors.ts';
import { errorDocument, errorText, failureOf } from '../report/errors.ts';
import { paintFor } from '../report/io.ts';
import { jsonText } from '../report/json.ts';
import { yamlText } from '../report/yaml.ts';
import type { CommandContext } from './context.ts';
import { earlyOptions } from './early-options.ts';
import type { EarlyOptions } from './early-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { buildProgram, HelpShown } from './program.ts';

/** Runs one command line and returns its exit code. Never rejects. */
export async function runCommandLine(args: readonly string[], context: Omit<CommandContext, 'exit'>): Promise<number> {
  let code: number = EXIT.done;
  let options: Omit<EarlyOptions, 'colour'> = earlyOptions(args);
  const program = buildProgram({
    ...context,
    exit: (given) => {
      code = given;
    },
  });
  program.hook('preAction', (_program, command) => {
    options = globalOptionsOf(command);
  });
  try {
    await program.parseAsync(withHelpFirst(args), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof HelpShown) return EXIT.done;
    context.settle();
    const failure = failureOf(error, context.signal.aborted);
    const { out, err } = context.io;
    err.write(errorText(error, failure, await paintFor(err), options.debug));
    if (options.output === 'json') out.write(jsonText(errorDocument(error, failure)));
    if (options.output === 'yaml') out.write(yamlText(errorDocument(error, failure)));
    return failure.exitCode;
  }
}

/** `help vm ls` is `vm ls --help`; a program of commands that are loaded late knows only the latter. */
function withHelpFirst(args: readonly string[]): string[] {
  return args[0] === 'help' ? [...args.slice(1).filter((word) => !word.startsWith('-')), '--help'] : [...args];
}
