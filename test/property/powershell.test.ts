/** What Windows reads is what was given: by models of its readers, written after their documents and sources. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POSIX } from '../../src/runtime/guest/posix.ts';
import { WINDOWS } from '../../src/runtime/guest/windows.ts';
import { powershellArgv, powershellText, windowsArguments } from '../../src/shell/powershell.ts';

const NASTY = [
  '',
  '"',
  '\\',
  '\\"',
  '\\\\',
  "'",
  '\u2019',
  '\u201b',
  ' ',
  '\t',
  '\n',
  '%PATH%',
  '$env:x',
  '`',
  '&',
  '|',
  '--%',
  'ä',
];
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((each) => each.replaceAll('\0', '')),
  fc.array(fc.constantFrom(...NASTY)).map((parts) => parts.join('')),
);
const words = fc.array(text, { maxLength: 8 });

/** A string in single quotes, as PowerShell's tokenizer scans it: any of five quotes, doubled to stand for itself. */
function readText(source: string, from: number): { readonly value: string; readonly end: number } {
  const isQuote = (each: string | undefined): boolean => each !== undefined && /['\u2018-\u201b]/.test(each);
  if (!isQuote(source[from])) throw new Error(`no text at ${source.slice(from)}`);
  let value = '';
  for (let at = from + 1; at < source.length; at += 1) {
    if (isQuote(source[at])) {
      if (!isQuote(source[at + 1])) return { value, end: at + 1 };
      at += 1;
    }
    value += source[at] ?? '';
  }
  throw new Error('the text has no end');
}

/** Arguments of a command line, as `CommandLineToArgvW` takes them apart. */
function readArguments(line: string): readonly string[] {
  const found: string[] = [];
  let at = 0;
  while (at < line.length) {
    while (line[at] === ' ' || line[at] === '\t') at += 1;
    if (at >= line.length) break;
    let value = '';
    let isQuoted = false;
    for (; at < line.length && (isQuoted || (line[at] !== ' ' && line[at] !== '\t')); at += 1) {
      let slashes = 0;
      for (; line[at] === '\\'; at += 1) slashes += 1;
      if (line[at] !== '"') {
        value += '\\'.repeat(slashes);
        if (slashes > 0) at -= 1;
        else value += line[at] ?? '';
        continue;
      }
      value += '\\'.repeat(Math.floor(slashes / 2));
      if (slashes % 2 === 1) value += '"';
      else isQuoted = !isQuoted;
    }
    found.push(value);
  }
  return found;
}

const scriptOf = (argv: readonly (string | number)[]): string =>
  Buffer.from(String(argv.at(-1)), 'base64').toString('utf16le');

describe('powershellText', () => {
  it('is read as what it was', () => {
    fc.assert(
      fc.property(text, (value) => {
        const written = powershellText(value);
        expect(readText(written, 0)).toEqual({ value, end: written.length });
      }),
    );
  });

  it('refuses what no argument can carry', () => {
    for (const odd of ['a\0b', '\ud800']) expect(() => powershellText(odd)).toThrow(/not valid Unicode/);
  });
});

describe('windowsArguments', () => {
  it('is taken apart to what it was made of', () => {
    fc.assert(
      fc.property(words, (argv) => {
        expect(readArguments(windowsArguments(argv))).toEqual(argv);
      }),
    );
  });
});

describe('powershellArgv', () => {
  it('is of letters that every shell reads alike, and holds the script', () => {
    fc.assert(
      fc.property(text, (value) => {
        const script = `Write-Output ${powershellText(value)}`;
        const argv = powershellArgv(script);
        expect(argv.join(' ')).toMatch(/^[A-Za-z0-9+/._ -]+$/);
        expect(scriptOf(argv).trimEnd().endsWith(script.trimEnd())).toBe(true);
      }),
    );
  });

  it('refuses what is longer than Windows takes', () => {
    expect(() => powershellArgv('x'.repeat(4000))).toThrow(/its command line is too long: \d+ of 8191 characters/);
  });
});

describe('WINDOWS', () => {
  it('exec hands program and arguments on whole', () => {
    fc.assert(
      fc.property(words, (args) => {
        const script = scriptOf(WINDOWS.exec(['C:\\Program Files\\it’s\\app.exe', ...args]));
        const program = readText(script, script.indexOf('$i.FileName=') + 12);
        expect(program.value).toBe('C:\\Program Files\\it’s\\app.exe');
        expect(script.slice(program.end).startsWith('\n$i.Arguments=')).toBe(true);
        const given = readText(script, program.end + 14);
        expect(readArguments(given.value)).toEqual(args);
        expect(script.slice(given.end).startsWith('\n$i.UseShellExecute=$false\n')).toBe(true);
        expect(script.trimEnd().endsWith('exit $p.ExitCode')).toBe(true);
      }),
    );
  });

  it('exec refuses batch files, whose arguments would be grammar, and a name with a quote', () => {
    expect(() => WINDOWS.exec(['build.CMD', '"&calc'])).toThrow(/batch file/);
    expect(() => WINDOWS.exec(['a"b'])).toThrow(/has a quote/);
  });

  it('logs prints the newest file, from its end and as it grows', () => {
    const script = scriptOf(WINDOWS.logs(["C:\\it's\\*.log", 'D:\\b.log'], { lines: 5, follow: true }));
    expect(script).toContain("Get-ChildItem -Path 'C:\\it''s\\*.log','D:\\b.log' -File|Sort-Object LastWriteTime");
    expect(script).toMatch(/-Encoding UTF8 -Tail 5 -Wait *$/);
    expect(() => WINDOWS.logs(['a'], { since: '1 h ago' })).toThrow(/it is in files/);
  });

  it('logs prints the event log where there are no files', () => {
    const script = scriptOf(WINDOWS.logs([], { lines: 7, since: '2026-05-01 10:00' }));
    expect(script).toContain("@{LogName='Application';StartTime=[datetime]'2026-05-01 10:00'} -MaxEvents 7");
    expect(script).not.toContain('while');
    expect(scriptOf(WINDOWS.logs([], { follow: true }))).toContain('while($true){Start-Sleep 2');
    expect(() => WINDOWS.logs([], { since: "'); calc" })).toThrow(/from this time on/);
  });
});

describe('POSIX', () => {
  it('logs prints files, or the journal', () => {
    expect(POSIX.logs(['/a b', '/c'], { lines: 3, follow: true })).toEqual(['tail', '-n', '3', '-F', '/a b', '/c']);
    expect(POSIX.logs([], { lines: 3, since: '1 h ago' })).toEqual(
      expect.arrayContaining(['journalctl', '-n', '3', '--since=1 h ago']),
    );
    expect(() => POSIX.logs(['/a'], { since: '1 h ago' })).toThrow(/it is in files/);
  });
});
