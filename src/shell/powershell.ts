/**
 * Programs for Windows' PowerShell, as one line that `cmd.exe`, PowerShell and sh read alike: a script in base 64
 * (`-EncodedCommand`), whose own texts are quoted by construction. Pure.
 */
import { UsageError } from '../model/errors.ts';

/** Longest command line that `cmd.exe` takes, which is OpenSSH's usual shell on Windows. */
const LONGEST = 8191;

/** A text as PowerShell reads it back, whatever it contains: in single quotes nothing but those is special, the typographic ones among them. */
export function powershellText(text: string): string {
  if (text.includes('\0') || !text.isWellFormed())
    throw new UsageError(
      `Cannot pass a text to PowerShell as it is not valid Unicode: ${JSON.stringify(text.slice(0, 60))}`,
    );
  return `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
}

/**
 * Arguments as one text that programs for Windows take apart again (`CommandLineToArgvW`, and Microsoft's C runtime): backslashes are
 * special before a double quote alone.
 */
export function windowsArguments(argv: readonly string[]): string {
  return argv.map((each) => (/^[^\s"]+$/.test(each) ? each : quoted(each))).join(' ');
}

function quoted(argument: string): string {
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;
}

/** Starts PowerShell with a script. @throws UsageError when Windows takes no line of that length */
export function powershellArgv(script: string): readonly [string, ...string[]] {
  const text = `${QUIET}\n${script}`;
  // Six bytes are eight letters of base 64: padded with blanks it ends without "=", which shells read differently.
  const encoded = Buffer.from(text.padEnd(Math.ceil(text.length / 3) * 3), 'utf16le').toString('base64');
  const argv = [
    'powershell.exe',
    '-NoProfile',
    '-NonInteractive',
    '-OutputFormat',
    'Text',
    '-EncodedCommand',
    encoded,
  ] as const;
  const { length } = argv.join(' ');
  if (length <= LONGEST) return argv;
  throw new UsageError(
    `Cannot run this on Windows as its command line is too long: ${String(length)} of ${String(LONGEST)} characters`,
  );
}

/** Nothing but what is asked for on standard error, failures end the script, and all output is UTF-8 (where there is a console to set). */
const QUIET = `$ProgressPreference='SilentlyContinue'
$ErrorActionPreference='Stop'
try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false}catch{}`;
