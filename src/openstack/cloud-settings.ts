/** How a cloud is entered: what a `clouds.yaml` or the variables `OS_*` say, in one form. */
import { UsageError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';

export interface CloudSettings {
  /** Address of Keystone. */
  readonly authUrl: string;
  /** `auth.identity` of a request for a token (Identity API v3). The secret in it is put in when the request is made. */
  readonly identity: CloudIdentity;
  /** `auth.scope`; undefined where the credential is of one project anyway. */
  readonly scope?: object;
  readonly region?: string;
  /** Which of a service's addresses is used. */
  readonly interface: 'public' | 'internal' | 'admin';
  /** File with certificates of authorities that are trusted beside the system's. */
  readonly ca?: string;
  /** Addresses in place of those of the catalogue, by type of service. */
  readonly endpoints: Readonly<Record<string, string>>;
}

export type CloudIdentity =
  | { readonly method: 'password'; readonly user: object; readonly secret: Secret }
  | { readonly method: 'application_credential'; readonly credential: object; readonly secret: Secret };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an entry of `clouds:`, or the same from variables (`OS_AUTH_URL` is `auth.auth_url`).
 * @throws UsageError naming what is missing
 */
export function cloudSettings(where: string, cloud: Fields): CloudSettings {
  const auth = (typeof cloud.auth === 'object' && cloud.auth !== null ? cloud.auth : {}) as Fields;
  const text = (key: string): string | undefined => {
    const value = auth[key] ?? cloud[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const need = (key: string): string => {
    const value = text(key);
    if (value === undefined || value === '')
      throw new UsageError(`Cannot enter the cloud as ${where} has no ${key}`, {
        hint: 'openstack configuration show',
      });
    return value;
  };
  const authUrl = need('auth_url');
  const domain = (of: 'user' | 'project'): object =>
    idOrName(text(`${of}_domain_id`) ?? text('default_domain'), text(`${of}_domain_name`)) ?? { id: 'default' };
  const isCredential =
    cloud.auth_type === 'v3applicationcredential' || text('application_credential_secret') !== undefined;
  const user = (): object => idOrName(text('user_id'), undefined) ?? { name: need('username'), domain: domain('user') };
  const identity: CloudIdentity = isCredential
    ? {
        method: 'application_credential',
        credential: idOrName(text('application_credential_id'), undefined) ?? {
          name: need('application_credential_name'),
          user: user(),
        },
        secret: new Secret(need('application_credential_secret')),
      }
    : { method: 'password', user: user(), secret: new Secret(need('password')) };
  const project =
    idOrName(text('project_id') ?? text('tenant_id'), undefined) ??
    (text('project_name') === undefined ? undefined : { name: need('project_name'), domain: domain('project') });
  const region = text('region_name');
  const ca = text('cacert');
  const side = text('interface')?.replace(/URL$/, '');
  return {
    authUrl,
    identity,
    // A credential is of the project in which it was made, and says so itself.
    ...(!isCredential && project && { scope: { project } }),
    ...(region !== undefined && { region }),
    ...(ca !== undefined && { ca }),
    interface: side === 'internal' || side === 'admin' ? side : 'public',
    endpoints: Object.fromEntries(
      Object.entries(cloud).flatMap(([key, value]) => {
        const type = /^([a-z]+)_endpoint_override$/.exec(key)?.[1];
        return type !== undefined && typeof value === 'string' ? [[type, value]] : [];
      }),
    ),
  };
}

/** The variables `OS_*` as an entry of `clouds:`. */
export function cloudOfEnvironment(env: Readonly<Record<string, string | undefined>>): Fields {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith('OS_') && value !== undefined && value !== '' ? [[name.slice(3).toLowerCase(), value]] : [],
    ),
  );
}

function idOrName(id: string | undefined, name: string | undefined): object | undefined {
  if (id !== undefined) return { id };
  return name === undefined ? undefined : { name };
}
