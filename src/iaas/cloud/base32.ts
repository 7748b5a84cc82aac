/** Base 32 (RFC 4648, section 6) in lower case and without padding: bytes where only such letters may stand. */

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Writes bytes. */
export function toBase32(data: Uint8Array): string {
  let bits = '';
  for (const byte of data) bits += byte.toString(2).padStart(8, '0');
  return bits.replace(/.{1,5}/g, (five) => ALPHABET.charAt(Number.parseInt(five.padEnd(5, '0'), 2)));
}

/** Reads bytes; undefined when a letter is no such one. */
export function fromBase32(text: string): Uint8Array | undefined {
  if (!/^[a-z2-7]*$/.test(text)) return undefined;
  const bits = Array.from(text, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
