/** `clouds.yaml`, as OpenStack's own tools read it, with the passwords of `secure.yaml` beside it. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { codeOf } from '../host/code-of.ts';
import { NotFoundError, ProjectFileError } from '../model/errors.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The entry of a cloud: from `$OS_CLIENT_CONFIG_FILE`, else from the first that is there of the project's, the user's and the
 * machine's. @throws NotFoundError, ProjectFileError
 */
export async function readCloud(
  name: string,
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Fields> {
  const home = env.XDG_CONFIG_HOME ?? join(env.HOME ?? '/', '.config');
  const places = env.OS_CLIENT_CONFIG_FILE
    ? [env.OS_CLIENT_CONFIG_FILE]
    : [join(directory, 'clouds.yaml'), join(home, 'openstack/clouds.yaml'), '/etc/openstack/clouds.yaml'];
  for (const path of places) {
    const clouds = await cloudsIn(path);
    if (!clouds) continue;
    const found = clouds[name];
    if (!isFields(found))
      throw new NotFoundError(`Cannot find the cloud ${JSON.stringify(name)} in ${path}: it has ${listed(clouds)}`);
    const secret = (await cloudsIn(join(dirname(path), 'secure.yaml')))?.[name];
    return isFields(secret) ? merge(found, secret) : found;
  }
  throw new NotFoundError(
    `Cannot find the cloud ${JSON.stringify(name)} as there is no clouds.yaml: ${places.join(', ')}`,
  );
}

async function cloudsIn(path: string): Promise<Fields | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new ProjectFileError(`Cannot read the clouds as the system refuses (${codeOf(error)}): ${path}`, {
      cause: error,
    });
  }
  try {
    const value = parse(text) as unknown;
    const clouds = isFields(value) ? value.clouds : undefined;
    return isFields(clouds) ? clouds : {};
  } catch (cause) {
    // What the parser says would show lines of the file, and they may have passwords.
    throw new ProjectFileError(`Cannot read the clouds as the file is not YAML: ${path}`, { cause });
  }
}

function merge(a: Fields, b: Fields): Fields {
  const both = { ...a, ...b };
  return isFields(a.auth) && isFields(b.auth) ? { ...both, auth: { ...a.auth, ...b.auth } } : both;
}

function listed(clouds: Fields): string {
  return Object.keys(clouds).join(', ') || 'none';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
