/**
 * A small disk image of a few files in one directory: ISO 9660 (ECMA-119) with a second tree of names by Joliet. Systems read both, no
 * tool and no right is needed to make one, and the same files always give the same bytes.
 */

/** Bytes of a logical sector (ECMA-119, 6.1.2). */
const SECTOR = 2048;
/** Where descriptors begin: the 16 sectors before are the system's (6.2.1). */
const FIRST_DESCRIPTOR = 16;

/** How names are written in one of the two trees. */
interface Tree {
  /** 1: primary (8.4), 2: supplementary (8.5), here of Joliet. */
  readonly type: 1 | 2;
  /** Says that names are UCS-2, level 3 of Joliet. */
  readonly escape: string;
  /** Texts are padded to the length of their field. */
  readonly text: (value: string, length: number) => Buffer;
  readonly name: (value: string) => Buffer;
}

const PRIMARY: Tree = {
  type: 1,
  escape: '',
  text: (value, length) => Buffer.from(value.padEnd(length)),
  // Upper-case, which Linux shows in lower case; the dash stays, as cloud-init looks for it.
  name: (value) => Buffer.from(`${value.toUpperCase()}${value.includes('.') ? '' : '.'};1`),
};
const JOLIET: Tree = {
  type: 2,
  escape: '%/E',
  text: (value, length) => ucs2(value.padEnd(length / 2)),
  name: (value) => ucs2(value),
};

/** Where something stands on the image, and how long it is in bytes. */
interface Extent {
  readonly sector: number;
  readonly length: number;
}

/**
 * Makes the image. @param label name of the volume, at most 16 letters @param files content by name: letters, digits, `-` and at most one `.`
 * @throws RangeError when a name is none, or all of it is more than a directory of one sector holds
 */
export function isoImage(label: string, files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const named = Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const bad = named.find(([name]) => !/^[a-z0-9-]{1,20}(\.[a-z0-9]{1,3})?$/.test(name));
  if (bad) throw new RangeError(`Cannot put a file on an image as its name is none: ${JSON.stringify(bad[0])}`);
  // Two descriptors, their end, and then for each tree two path tables and a directory.
  const tables = FIRST_DESCRIPTOR + 3;
  let next = tables + 6;
  const contents = named.map(([name, content]) => {
    const data = Buffer.from(content);
    const extent = { sector: next, length: data.length };
    next += Math.ceil(data.length / SECTOR);
    return { name, data, extent };
  });
  const image = Buffer.alloc(next * SECTOR);
  const put = (sector: number, data: Uint8Array): void => {
    image.set(data, sector * SECTOR);
  };
  [PRIMARY, JOLIET].forEach((tree, at) => {
    const little = tables + at * 3;
    const root = { sector: little + 2, length: SECTOR };
    put(FIRST_DESCRIPTOR + at, descriptor(tree, label, next, little, root));
    put(little, pathTable(root, false));
    put(little + 1, pathTable(root, true));
    const entries = contents.map(({ name, extent }) => record(tree.name(name), extent, false));
    const self = [Buffer.from([0]), Buffer.from([1])].map((id) => record(id, root, true));
    put(root.sector, sectorOf([...self, ...entries]));
  });
  put(FIRST_DESCRIPTOR + 2, Buffer.concat([Buffer.from([255]), Buffer.from('CD001'), Buffer.from([1])]));
  for (const { data, extent } of contents) put(extent.sector, data);
  return image;
}

/** A volume descriptor (8.4); what is not said is zero or blank. */
function descriptor(tree: Tree, label: string, sectors: number, little: number, root: Extent): Buffer {
  const out = Buffer.alloc(SECTOR);
  out.writeUInt8(tree.type, 0);
  out.write('CD001', 1);
  out.writeUInt8(1, 6);
  tree.text('', 32).copy(out, 8);
  tree.text(label, 32).copy(out, 40);
  both32(sectors).copy(out, 80);
  out.write(tree.escape, 88);
  both16(1).copy(out, 120);
  both16(1).copy(out, 124);
  both16(SECTOR).copy(out, 128);
  both32(PATH_TABLE).copy(out, 132);
  out.writeUInt32LE(little, 140);
  out.writeUInt32BE(little + 1, 148);
  record(Buffer.from([0]), root, true).copy(out, 156);
  // Names of the set, its publisher and maker, and of three files that are not there.
  for (const [at, length] of [
    [190, 128],
    [318, 128],
    [446, 128],
    [574, 128],
    [702, 37],
    [739, 37],
    [776, 37],
  ] as const)
    tree.text('', length - (length % 2) * (tree.type - 1)).copy(out, at);
  // Four times no date (8.4.26.1): digits of zero, and a zone of zero.
  for (const at of [813, 830, 847, 864]) out.write('0'.repeat(16), at);
  out.writeUInt8(1, 881);
  return out;
}

/** Bytes of a path table that has the root alone. */
const PATH_TABLE = 10;

function pathTable({ sector }: Extent, isBig: boolean): Buffer {
  const out = Buffer.alloc(PATH_TABLE);
  out.writeUInt8(1, 0);
  if (isBig) {
    out.writeUInt32BE(sector, 2);
    out.writeUInt16BE(1, 6);
  } else {
    out.writeUInt32LE(sector, 2);
    out.writeUInt16LE(1, 6);
  }
  return out;
}

/** A directory record (9.1), of the date 1 January 1980. */
function record(id: Buffer, { sector, length }: Extent, isDirectory: boolean): Buffer {
  const out = Buffer.alloc(33 + id.length + ((id.length + 1) % 2));
  out.writeUInt8(out.length, 0);
  both32(sector).copy(out, 2);
  both32(length).copy(out, 10);
  Buffer.from([80, 1, 1, 0, 0, 0, 0]).copy(out, 18);
  out.writeUInt8(isDirectory ? 2 : 0, 25);
  both16(1).copy(out, 28);
  out.writeUInt8(id.length, 32);
  id.copy(out, 33);
  return out;
}

function sectorOf(records: readonly Buffer[]): Buffer {
  const all = Buffer.concat(records);
  if (all.length > SECTOR) throw new RangeError('Cannot put so many files on one image');
  return all;
}

/** A number in both orders of bytes (7.3.3). */
function both32(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(value, 0);
  out.writeUInt32BE(value, 4);
  return out;
}

/** The same of 16 bits (7.2.3). */
function both16(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt16LE(value, 0);
  out.writeUInt16BE(value, 2);
  return out;
}

/** UCS-2 as Joliet writes it: the high byte first. */
function ucs2(value: string): Buffer {
  return Buffer.from(value, 'utf16le').swap16();
}
