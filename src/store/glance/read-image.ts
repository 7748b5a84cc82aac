/** The bytes of a Glance image, taken up again where the connection was cut. */
import { RegistryError } from '../../model/errors.ts';
import { patience } from '../http/retry.ts';
import type { GlanceClient } from './glance-client.ts';
import type { GlanceImage } from './glance-image.ts';

/** Streams from byte `from` to the end. @throws RegistryError, InterruptedError */
export async function* readImage(
  client: GlanceClient,
  what: string,
  { id, size }: Pick<GlanceImage, 'id' | 'size'>,
  from: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const total = size ?? 0;
  const patient = patience(signal);
  let at = from;
  while (at < total) {
    try {
      const answer = await client.download(what, id, at, signal);
      const range = answer.headers.get('content-range');
      const isPart = answer.status === 206 && range?.startsWith(`bytes ${String(at)}-`) === true;
      let skip = isPart ? 0 : at;
      for await (const piece of answer.body ?? []) {
        const chunk = (piece as Uint8Array).subarray(skip);
        skip = Math.max(0, skip - (piece as Uint8Array).length);
        at += chunk.length;
        if (at > total) throw damaged(client, what, `more than its ${String(total)} bytes arrive`);
        if (chunk.length > 0) yield chunk;
        patient.progress();
      }
      // An end that came too soon is a cut that nobody told of.
      if (at < total) throw client.cut(what, new Error('it ended too soon'), signal);
    } catch (error) {
      await patient.afterFailure(client.cut(what, error, signal));
    }
  }
}

/** The error for bytes that are not what they should be. */
export function damaged(client: GlanceClient, what: string, why: string): RegistryError {
  return new RegistryError(client.name, 'damaged', `Cannot ${what} as ${why}`);
}
