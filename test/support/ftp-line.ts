// The control line of FTP byte by byte, for what no proper client would say.
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { connect } from 'node:tls';

export type FtpLine = {
  /** Sends a command as it is, `\r\n` after it. @returns the last line of the reply, or '' when the server hung up */
  say(command: string | Buffer): Promise<string>;
  /** to the middle of nowhere: no good-bye, no close_notify */
  breakOff(): void;
  close(): void;
};

/** A line to the server; with `password` it is encrypted and signed in. */
export async function ftpLine(
  at: { host: string; port: number; certificate: string },
  user?: string,
  password = 'right',
): Promise<FtpLine> {
  const plain = createConnection(at.port, at.host);
  const replies = repliesOf(plain);
  await replies();
  if (user === undefined) return lineOn(plain, replies);
  plain.write('AUTH TLS\r\n');
  await replies();
  plain.removeAllListeners('data');
  const secure = connect({ socket: plain, ca: at.certificate, host: at.host });
  await once(secure, 'secureConnect');
  const line = lineOn(secure, repliesOf(secure), plain);
  await line.say(`USER ${user}`);
  const answer = await line.say(`PASS ${password}`);
  if (!answer.startsWith('230')) throw new Error(answer);
  return line;
}

const lineOn = (socket: Socket, replies: () => Promise<string>, below = socket): FtpLine => ({
  say: async (command) => {
    socket.write(Buffer.concat([Buffer.from(command), Buffer.from('\r\n')]));
    return replies();
  },
  breakOff: () => below.resetAndDestroy(),
  close: () => socket.destroy(),
});

/** @returns what waits for the next whole reply (RFC 959, 4.2: its last line has a space after the number) */
function repliesOf(socket: Socket): () => Promise<string> {
  let text = '';
  let isOver = false;
  let wake = () => {};
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    wake();
  });
  for (const end of ['close', 'error', 'end'])
    socket.on(end, () => {
      isOver = true;
      wake();
    });
  return async () => {
    for (;;) {
      // a line feed that was typed comes back in the reply; what telnet says of octet 255 is no part of it
      text = text.replace(/\xff[\xfb-\xfe][\s\S]/g, '');
      const reply = /^\d{3} [\s\S]*?\r\n/m.exec(text);
      if (reply) {
        text = text.slice(reply.index + reply[0].length);
        return reply[0].trim();
      }
      if (isOver) return '';
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}
