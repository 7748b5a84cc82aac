/** Tars byte by byte, also such as no honest tool writes. */

export interface TarEntry {
  readonly name: string;
  /** `0` file, `1` hard link, `2` symbolic link, `3` character device, `4` block device, `5` folder, `6` pipe. Default `0`. */
  readonly type?: '0' | '1' | '2' | '3' | '4' | '5' | '6';
  readonly content?: string | Buffer;
  readonly link?: string;
  /** Default 0644, 0755 for folders. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds. Default 1577836800. */
  readonly mtime?: number;
  readonly device?: readonly [number, number];
  /** Records of an extended header before the entry. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

/** Writes an archive with its end. */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryOf), Buffer.alloc(1024)]);
}

function entryOf(entry: TarEntry): readonly Buffer[] {
  const content = Buffer.from(entry.content ?? '');
  return [
    ...(entry.pax ? member({ name: 'pax', mode: 0o644 }, 'x', paxRecords(entry.pax)) : []),
    ...member(entry, entry.type ?? '0', content),
  ];
}

function member(entry: TarEntry, type: string, content: Buffer): readonly Buffer[] {
  const header = Buffer.alloc(512);
  const put = (text: string, at: number, size: number): void => {
    if (Buffer.byteLength(text) > size) throw new Error(`does not fit: ${text}`);
    header.write(text, at);
  };
  const octal = (value: number, at: number, size: number): void => {
    put(`${value.toString(8).padStart(size - 1, '0')}\0`, at, size);
  };
  put(entry.name, 0, 100);
  octal(entry.mode ?? (type === '5' ? 0o755 : 0o644), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(content.length, 124, 12);
  octal(entry.mtime ?? 1_577_836_800, 136, 12);
  put('        ', 148, 8);
  put(type, 156, 1);
  put(entry.link ?? '', 157, 100);
  put('ustar\x0000', 257, 8);
  octal(entry.device?.[0] ?? 0, 329, 8);
  octal(entry.device?.[1] ?? 0, 337, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecords(records: Readonly<Record<string, string | Buffer>>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
      let length = rest.length;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}
