/** A file that another program reads by itself, and how far it is with that. */
import { open, readFile } from 'node:fs/promises';
import { platform } from 'node:process';
import type { WholeFile } from './transport.ts';

/** How often it is looked, in ms. */
const LOOK = 200;

export interface HandedOver extends AsyncDisposable {
  /** To be the standard input of the program. */
  readonly fd: number;
}

/**
 * Opens the file for a program that is started next. Undefined where the system does not tell how far others have read: the
 * position belongs to the open file, which both share.
 */
export async function openWhole({ path, onRead }: WholeFile): Promise<HandedOver | undefined> {
  if (platform !== 'linux') return undefined;
  const file = await open(path);
  const look = async (): Promise<void> => {
    const info = await readFile(`/proc/self/fdinfo/${String(file.fd)}`, 'utf8');
    onRead(Number(/^pos:\s*([0-9]+)/.exec(info)?.[1] ?? 0));
  };
  const timer = setInterval(() => {
    look().catch(() => undefined);
  }, LOOK);
  return {
    fd: file.fd,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await look().catch(() => undefined);
      await file.close();
    },
  };
}
