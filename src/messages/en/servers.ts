// Sentences about servers: the letter to the operator when one fails.
import type { servers as korean } from '../ko/servers.ts';
import type { Sentence } from '../sentences.ts';

export const servers = {
  'mail.server.subject': '[{brand}] Sites cannot be made on server {server}',
  'mail.server.since': 'Server {server} was checked at {at} and said this for the second time in a row:',
  'mail.server.does':
    'Until it is well again new sites go to other servers first. Sites that were being made there are shown to their customers as being prepared, and are tried again every hour.',
  'mail.server.todo':
    '`gotgan server list` shows what each server said last, and the sites in trouble. No other letter is sent before the server was well and fails again.',
} as const satisfies Record<keyof typeof korean, Sentence>;
