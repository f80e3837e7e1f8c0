// Where the panel and the FTP server of its machine meet: the panel answers who may come in, and knows the word of the server's log.
import { ftpKeysFile } from './ftp-server-commands.ts';
import type { Choices } from './options.ts';
import type { Doors } from './panel.ts';
import { ftpServerKeys } from './platform/ftp-server/keys.ts';
import { answerRadius, type RadiusServer } from './platform/ftp-server/radius.ts';

/**
 * Answers the FTP server who may come in, at FTP_RADIUS, until it is closed: in the process of the pages, where passwords are hashed.
 * @returns undefined without FTP_RADIUS. @throws Error when the port is taken
 */
export async function listenForFtp({ choices, ftp, log }: Doors): Promise<RadiusServer | undefined> {
  const [, host = '', port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(choices.ftpRadius ?? '') ?? [];
  if (port === undefined) return undefined;
  const onFault = (err: unknown) => log.warn({ err }, 'an FTP sign-in could not be judged');
  const { secret } = await ftpServerKeys(ftpKeysFile(choices.dataFolder));
  return answerRadius({ host, port: Number(port), secret, answer: ftp.answer, onFault });
}

/** @returns what tells the word between which true lines of the server's log stand */
export function ftpLogWord({ dataFolder }: Pick<Choices, 'dataFolder'>): () => Promise<string> {
  return async () => (await ftpServerKeys(ftpKeysFile(dataFolder))).logWord;
}
