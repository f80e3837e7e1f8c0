// Where the panel and FTP servers meet: the panel answers who may come in, here and over its lines to other machines, and knows the words of their logs.
import { FtpRelays } from './ftp-relays.ts';
import { ftpKeysFile } from './ftp-server-commands.ts';
import type { Choices } from './options.ts';
import type { Doors } from './panel.ts';
import { ftpServerKeys } from './platform/ftp-server/keys.ts';
import { answerRadius, RadiusDesk } from './platform/ftp-server/radius.ts';
import { answerRelay } from './platform/ftp-server/relay.ts';
import type { Server } from './sites/sites.ts';

/** What the server's key for the panel's user lets it run (operations/gotgan-server). */
const relayProgram = ['gotgan-ftp'];

/**
 * Answers FTP servers who may come in until it is closed, in the process of the pages, where passwords are hashed: this machine's at
 * FTP_RADIUS, and those of other machines that have an FTP host. @throws Error when the port is taken
 */
export async function listenForFtp(doors: Doors): Promise<{ close(): Promise<void> }> {
  const own = await listenHere(doors);
  const stopping = new AbortController();
  const relays = new FtpRelays({
    list: () => doors.sites.servers.list(),
    answer: (server, signal, isUp) => answerAt(doors, server, signal, isUp),
    log: doors.log,
  }).keep(stopping.signal);
  return {
    close: async () => {
      stopping.abort();
      await Promise.all([own?.close(), relays]);
    },
  };
}

async function listenHere({ choices, ftp, log }: Doors) {
  const [, host = '', port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(choices.ftpRadius ?? '') ?? [];
  if (port === undefined) return undefined;
  const onFault = (err: unknown) => log.warn({ err }, 'an FTP sign-in could not be judged');
  const { secret } = await ftpServerKeys(ftpKeysFile(choices.dataFolder));
  return answerRadius({ host, port: Number(port), secret, answer: ftp.answer, onFault });
}

/** @throws what ended it: the line, or the program on the other side with what it said */
async function answerAt(doors: Doors, { id, name }: Server, signal: AbortSignal, isUp: () => void): Promise<void> {
  const { remotes, sites, ftp, choices, log } = doors;
  const { ssh, reach } = await remotes.line(() => sites.servers.byId(id));
  const { connection, release } = await ssh.hold(reach.user);
  try {
    signal.throwIfAborted();
    const line = await connection.execute(relayProgram);
    let said = '';
    line.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, 300);
    });
    const { secret } = await ftpServerKeys(ftpKeysFile(choices.dataFolder), name);
    const onFault = (err: unknown) => log.warn({ server: name, err }, 'an FTP sign-in could not be judged');
    const desk = new RadiusDesk({ secret, answer: ftp.answerAt(id), onFault });
    const stop = () => void line.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await answerRelay(line, desk, () => {
        isUp();
        log.info({ server: name }, 'an FTP server of another machine is answered');
      });
      throw new Error(said.replace(/\p{Cc}+/gu, ' ').trim() || 'the program that carries its questions has ended');
    } finally {
      signal.removeEventListener('abort', stop);
      desk.close();
    }
  } finally {
    release();
  }
}

/** @returns what tells the word between which true lines of a server's log stand; without a name this machine's */
export function ftpLogWord({ dataFolder }: Pick<Choices, 'dataFolder'>): (server?: string) => Promise<string> {
  return async (server) => (await ftpServerKeys(ftpKeysFile(dataFolder), server)).logWord;
}
