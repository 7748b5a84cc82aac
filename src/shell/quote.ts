/** The sole quoter: whatever reaches a shell as a word goes through here. */
import { UsageError } from '../model/errors.ts';
import type { Word } from './command.ts';

/** Words that a shell reads as grammar where a command may stand. */
const RESERVED = new Set('if then else elif fi do done case esac while until for in function select time'.split(' '));

/**
 * Writes one word so that a POSIX shell receives exactly it, whatever it contains.
 * @throws UsageError for NUL or a lone surrogate, which no argument can carry.
 */
export function quote(word: Word): string {
  const text = String(word);
  if (text.includes('\0')) throw new UsageError(`Cannot pass a word to a shell as it contains NUL: ${visible(text)}`);
  if (!text.isWellFormed()) {
    throw new UsageError(`Cannot pass a word to a shell as it is not valid Unicode: ${visible(text)}`);
  }
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(text) && !RESERVED.has(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Writes a command line of such words. */
export function quoteAll(words: readonly Word[]): string {
  return words.map(quote).join(' ');
}

function visible(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
