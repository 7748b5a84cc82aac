/** Reads the `cartridge.yaml` of a cartridge's directory. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isScalar, LineCounter, parseDocument } from 'yaml';
import { InvalidSpecError, ProjectFileError } from '../model/errors.ts';
import { parseCartridgeFile } from '../store/cartridge-file.ts';
import type { CartridgeFile } from '../store/cartridge-file.ts';
import type { Locate } from '../store/field-checker.ts';

/** Name of the file in a cartridge's directory. */
export const CARTRIDGE_FILE = 'cartridge.yaml';

/** Reads and checks a cartridge file; positions count from 1. @throws ProjectFileError, InvalidSpecError */
export async function readCartridgeFile(directory: string): Promise<CartridgeFile> {
  const file = join(directory, CARTRIDGE_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ProjectFileError(
      `Cannot read the cartridge as its directory has no readable ${CARTRIDGE_FILE}: ${file}`,
      {
        hint: `ls -l ${directory}`,
        cause: error,
      },
    );
  }
  return parseCartridgeText(text, file);
}

/** Checks the text of a cartridge file. @throws InvalidSpecError */
export function parseCartridgeText(text: string, file: string): CartridgeFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): NonNullable<ReturnType<Locate>> => {
    const { line, col } = lines.linePos(offset);
    return { position: { file, line, column: col }, excerpt: text.split('\n')[line - 1] ?? '' };
  };
  if (document.errors.length > 0) {
    throw new InvalidSpecError(
      document.errors.map((error) => ({ message: error.message, path: '', ...at(error.pos[0]) })),
    );
  }
  // The nearest node that exists: a missing key is reported at the mapping it is missing from.
  const locate: Locate = (path) => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = (node as { range?: readonly number[] } | null | undefined)?.range;
      if (range?.[0] !== undefined) return at(range[0]);
    }
    return at(0);
  };
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  // 8.10 is a version, not the number 8.1: take it as it was written.
  const version = document.getIn(['version'], true);
  if (isScalar(version) && typeof version.value === 'number' && typeof value === 'object' && value !== null) {
    return parseCartridgeFile({ ...value, version: version.source ?? String(version.value) }, locate);
  }
  return parseCartridgeFile(value, locate);
}
