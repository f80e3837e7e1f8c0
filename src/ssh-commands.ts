// `gotgan ssh …`: what an operator decides about requests for SSH (KHADA 7.3).
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import type { Worker } from './panel.ts';
import type { ListedRequest } from './ssh/ssh.ts';

type WithPanel = (act: (panel: Worker) => Promise<void>) => Promise<void>;

const text = { type: 'string' } as const;

function idOf(act: string, args: string[]): { id: string; reason: string } {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { reason: text } });
  const [id, ...more] = positionals;
  if (!id || more.length > 0) throw new CommandRefused(`ssh ${act}: which request? Give its id, as gotgan ssh list shows it`);
  return { id, reason: values.reason?.trim() ?? '' };
}

/** Each is told its arguments, how to open the panel, and where to say what came of it. */
export const sshCommands: Readonly<
  Record<string, (args: string[], withPanel: WithPanel, say: (line: string) => void) => Promise<void>>
> = {
  list: (_args, withPanel, say) =>
    withPanel(async ({ doors: { ssh } }) => {
      const all = await ssh.grants.list();
      say(all.length === 0 ? 'Nothing waits, and nobody has SSH.' : all.map(inLines).join('\n\n'));
    }),
  approve: (args, withPanel, say) =>
    withPanel(async ({ doors: { ssh } }) => {
      await ssh.grants.approve(idOf('approve', args).id);
      say('Approved. The worker now tells the server; once it has answered, the owner gets a letter with how to connect.');
    }),
  refuse: (args, withPanel, say) => {
    const { id, reason } = idOf('refuse', args);
    if (reason === '' || reason.length > 500)
      throw new CommandRefused('ssh refuse: --reason <why> is needed, in up to 500 characters: the customer reads it');
    return withPanel(async ({ doors: { ssh } }) => {
      await ssh.grants.refuse(id, reason);
      say('Refused. The owner is told by letter, with the reason.');
    });
  },
  end: (args, withPanel, say) =>
    withPanel(async ({ doors: { ssh } }) => {
      await ssh.grants.endByOperator(idOf('end', args).id);
      say('Ended. The worker now takes it from the server, and the owner is told by letter.');
    }),
};

function inLines({ request, site, server, group, isAgreed, grant }: ListedRequest): string {
  const { id, key, networks, requestedAt, endsAt, consentVersion } = request;
  const agreed = isAgreed
    ? 'the version in force'
    : 'no longer in force: the customer must agree again before it can be approved';
  return [
    `${id}  ${stateOf(request, grant)}`,
    `  site       ${site} on ${server} (group ${group})`,
    `  requested  ${new Date(requestedAt).toISOString()}`,
    `  until      ${new Date(endsAt).toISOString()}`,
    `  key        ${key.kind} ${key.fingerprint}`,
    `  from       ${networks.join(', ')}`,
    `  agreed to  ${consentVersion}, ${agreed}`,
  ].join('\n');
}

function stateOf({ approvedAt }: ListedRequest['request'], grant: ListedRequest['grant']): string {
  if (approvedAt === null) return 'waits for a decision';
  if (grant?.shutAt) return 'shut while the site is suspended or the customer restricted';
  return grant?.writtenAt ? 'in force' : 'approved; the server has not been told yet';
}
