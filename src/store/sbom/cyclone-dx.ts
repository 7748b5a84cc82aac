/** The packages of an image as a bill of materials in the form of CycloneDX 1.6, written by its own library. */
import { createHash } from 'node:crypto';
import * as Enums from '@cyclonedx/cyclonedx-library/Enums';
import * as Models from '@cyclonedx/cyclonedx-library/Models';
import * as Serialize from '@cyclonedx/cyclonedx-library/Serialize';
import * as Spec from '@cyclonedx/cyclonedx-library/Spec';
import type { Image } from '../../model/image.ts';
import type { PackageList } from './list-packages.ts';
import { packageUrl } from './package.ts';

export interface BomSubject {
  /** `php:8.2`, or any other name of an image. */
  readonly reference: string;
  readonly image: Pick<Image, 'digest' | 'created'>;
  /** Of Stratos. */
  readonly tool: string;
}

/** Media type of the document, and `artifactType` where it hangs on an image. */
export const CYCLONE_DX = 'application/vnd.cyclonedx+json';

/** The document. The same image gives the same text: its number follows from the digest, its time is that of the image. */
export function cycloneDx({ reference, image, tool }: BomSubject, { distribution, packages }: PackageList): string {
  // Of a pin the digest, then the tag; a colon before a slash is a port's.
  const name = reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  const bom = new Models.Bom({ serialNumber: uuidOf(image.digest) });
  const component = new Models.Component(Enums.ComponentType.Container, name, {
    bomRef: image.digest,
    version: image.digest,
    purl: `pkg:oci/${encodeURIComponent(name.split('/').at(-1) ?? name)}@${encodeURIComponent(image.digest)}`,
  });
  bom.metadata.component = component;
  const created = image.created === undefined ? Number.NaN : Date.parse(image.created);
  if (!Number.isNaN(created)) bom.metadata.timestamp = new Date(created);
  bom.metadata.tools.tools.add(new Models.Tool({ name: 'stratos', version: tool }));
  if (distribution) {
    const { id, version } = distribution;
    const options = { bomRef: 'distribution', ...(version !== undefined && { version }) };
    bom.components.add(new Models.Component(Enums.ComponentType.OperatingSystem, id, options));
  }
  for (const found of packages) {
    const purl = packageUrl(found, distribution);
    // A scope of npm is what others call a group.
    const slash = found.kind === 'npm' && found.name.startsWith('@') ? found.name.indexOf('/') : -1;
    const entry = new Models.Component(Enums.ComponentType.Library, found.name.slice(slash + 1), {
      ...{ bomRef: purl, version: found.version, purl },
      ...(slash > 0 && { group: found.name.slice(0, slash) }),
    });
    if (found.licence !== undefined) entry.licenses.add(new Models.NamedLicense(found.licence));
    if (found.source !== undefined) entry.properties.add(new Models.Property('stratos:source', found.source));
    bom.components.add(entry);
  }
  const serializer = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(serializer).serialize(bom, { sortLists: true, space: 1 });
}

/** A UUID that is the digest's own (RFC 9562, version 8). */
function uuidOf(digest: string): string {
  const hex = createHash('sha256').update(digest).digest('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
