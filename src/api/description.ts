// The description of the API for programs (OpenAPI 3.1), made of the shapes of its answers.
import { json, problemShape, problems, schemaOf } from '../platform/web/openapi.ts';
import { backupShape, listShape } from './shapes.ts';

const refused = {
  401: 'There is no token, or it does not hold (any more).',
  403: 'The token may not be used from this network address.',
  404: 'No such thing, or it is not for this token.',
  429: 'Too many requests; Retry-After says when to come back.',
  503: 'Something does not answer just now; come back later.',
};
const ofArchives = { 409: 'The backup is not made yet, or damaged.', 410: 'The backup has expired.' };

/** What may be refused, beside the answer itself. */
function refusals(more: Readonly<Record<number, string>> = {}) {
  return problems({ ...refused, ...more });
}

const site = { name: 'site', in: 'path', required: true, schema: { type: 'string' }, description: 'name of the site' };
const backup = {
  ...{ name: 'backup', in: 'path', required: true, schema: { type: 'string' } },
  description: '`latest` (the newest good one), the file name of its archive, or its id',
};
const page = { name: 'page', in: 'query', required: false, schema: { type: 'integer', minimum: 1, default: 1 } };
const range = { name: 'Range', in: 'header', required: false, schema: { type: 'string' }, description: 'RFC 9110 14.2' };

const bytes = {
  schema: { type: 'string', format: 'binary' },
};
const archive = {
  200: {
    description: 'The archive, with a strong ETag, Last-Modified and Accept-Ranges.',
    content: { 'application/zip': bytes },
  },
  206: { description: 'The part that was asked for.', content: { 'application/zip': bytes } },
  304: { description: 'If-None-Match: it is the same.' },
  412: { description: 'If-Match: it is another.' },
  416: { description: 'The range lies beyond its end.' },
};

const get = (operationId: string, summary: string, parameters: readonly object[], responses: object) => ({
  get: { operationId, summary, parameters, responses },
});

const checksum = {
  200: {
    description: 'One line as `sha256sum -c` reads it: the value, two spaces, the file name.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  },
};

/** @param server address of the API, without a slash at its end */
export function description(server: string) {
  const base = '/sites/{site}/backups';
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gotgan backups',
      version: '1',
      description: 'Backups of a site: list them, download them, check them. It only reads.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: server }],
    security: [{ token: ['backups:read'] }],
    paths: {
      [base]: get('listBackups', 'Backups of a site', [site, page], { 200: json('Backups', 'One page of them.'), ...refusals() }),
      [`${base}/{backup}`]: get('readBackup', 'One backup', [site, backup], {
        200: json('Backup', 'The backup.'),
        ...refusals(),
      }),
      [`${base}/{backup}/archive`]: get('downloadBackup', 'Its archive', [site, backup, range], {
        ...archive,
        ...refusals(ofArchives),
      }),
      [`${base}/{backup}/sha256`]: get('readChecksum', 'The SHA-256 value of its archive', [site, backup], {
        ...checksum,
        ...refusals(ofArchives),
      }),
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token that was made on the page of backups.' },
      },
      schemas: { Backups: schemaOf(listShape), Backup: schemaOf(backupShape), Problem: schemaOf(problemShape) },
    },
  };
}
