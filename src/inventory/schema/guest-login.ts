/** `ssh:` of a cartridge whose processes are VMs. */
import { access, hostKey } from './access.ts';
import type { JsonSchema } from './json-schema.ts';
import { mapping } from './terms.ts';

export const GUEST_LOGIN: JsonSchema = mapping(
  {
    user: { ...access.user, description: 'Who logs in to a machine of runtime `vm`.' },
    port: access.port,
    key: access.key,
    hostKey: {
      ...hostKey,
      description:
        'Public host key that its machines present: the image’s own, or the one that `userData` brings. There is no trust on first use. Default: each machine gets one that is made for it, where `userData` has `{{hostKey}}`.',
    },
    shell: {
      title: 'sh or powershell',
      description: 'What runs programs inside: `powershell` for Windows.',
      enum: ['sh', 'powershell'],
      default: 'sh',
    },
    logs: {
      title: 'a list of paths',
      description:
        'Files that `process logs` prints; of Windows the newest that matches. Default: the journal, or the event log `Application`.',
      type: 'array',
      items: { title: 'a path', type: 'string', pattern: '^[^\\u0000-\\u001f-][^\\u0000-\\u001f]*$' },
      examples: [['/var/log/app.log'], ['C:\\inetpub\\logs\\LogFiles\\W3SVC1\\*.log']],
    },
  },
  {
    required: ['user'],
    description: 'How one logs in to a machine of runtime `vm`, for `process exec`, `shell` and `logs`. Default: nobody does.',
  },
);
