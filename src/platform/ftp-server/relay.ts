// Answers the FTP server of another machine: a program there (bin/gotgan-ftp.mjs) carries its questions over a line that the panel has opened.
import type { Duplex } from 'node:stream';
import { longestPacket } from './radius-packet.ts';

/** Whoever judges: `reply` is called with the answer, if there is one. */
export type Desk = { take(packet: Buffer, from: string, reply: (answer: Buffer) => void): void };

/** Milliseconds between two signs of life of ours, and after which the other side is given up. */
const life = { every: 5000, within: 15_000 };
const headBytes = 4;

/**
 * Judges what comes over the line until it ends.
 * @param heard called at the first sign of life: the program listens
 * @throws Error when nothing is heard any more, or what is no packet of ours
 */
export async function answerRelay(line: Duplex, desk: Desk, heard: () => void): Promise<void> {
  const lost = () => line.destroy(new Error('the program that carries its questions is not heard any more'));
  const silence = setTimeout(lost, life.within);
  const beat = setInterval(() => send(line, Buffer.alloc(0), 0), life.every);
  send(line, Buffer.alloc(0), 0);
  let [rest, isHeard] = [Buffer.alloc(0), false];
  try {
    for await (const bytes of line) {
      silence.refresh();
      if (!isHeard) heard();
      isHeard = true;
      rest = Buffer.concat([rest, bytes]);
      for (let next = packetIn(rest); next; next = packetIn(rest)) {
        rest = rest.subarray(headBytes + next.packet.length);
        const { packet, port } = next;
        if (packet.length > 0) desk.take(packet, `port ${port}`, (answer) => send(line, answer, port));
      }
    }
  } finally {
    clearTimeout(silence);
    clearInterval(beat);
    line.destroy();
  }
}

/** Two octets of length, two of the port that asked, then the packet; no length is a sign of life. */
function packetIn(bytes: Buffer): { packet: Buffer; port: number } | undefined {
  if (bytes.length < headBytes) return undefined;
  const length = bytes.readUInt16BE(0);
  if (length > longestPacket) throw new Error('the program that carries its questions speaks otherwise');
  if (bytes.length < headBytes + length) return undefined;
  return { packet: bytes.subarray(headBytes, headBytes + length), port: bytes.readUInt16BE(2) };
}

function send(line: Duplex, packet: Buffer, port: number): void {
  if (line.destroyed || line.writableEnded) return;
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(packet.length, 0);
  head.writeUInt16BE(port, 2);
  line.write(Buffer.concat([head, packet]));
}
