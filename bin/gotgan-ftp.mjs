#!/usr/bin/env node
// Carries the questions of this machine's FTP server to the panel and its answers back (docs/ftp.md): RADIUS over UDP on loopback on one
// side, on the other standard input and output, which is the line of SSH that the panel has opened. It knows no secret: RADIUS proves by
// itself who asked and who answers.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [place = '127.0.0.1:1812', ...more] = process.argv.slice(2);
const [, host, port] = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}):(\d{1,5})$/.exec(place) ?? [];
if (!host || more.length > 0) {
  console.error('gotgan-ftp [127.0.0.1:1812]');
  process.exit(64);
}

/** Milliseconds: a sign of life goes out so often, and without one of the panel's for so long the next line gets its turn. */
const [lifeEvery, lifeWithin] = [5000, 15_000];
/** What the panel has not taken yet; more is dropped, as UDP may. */
const mostWaiting = 256 * 1024;
/** RFC 2865, 3 */
const longestPacket = 4096;

function end(code, says) {
  if (says) console.error(says);
  process.exit(code);
}

/** Two octets of length, two of the port that asked, then the packet; nothing but zeroes is a sign of life. */
function send(packet, from) {
  if (process.stdout.writableLength > mostWaiting) return;
  const head = Buffer.alloc(4);
  head.writeUInt16BE(packet.length, 0);
  head.writeUInt16BE(from, 2);
  process.stdout.write(Buffer.concat([head, packet]));
}

const socket = createSocket('udp4');
socket.on('error', ({ code }) => end(75, `${place}: ${code}`));
socket.bind({ address: host, port: Number(port), exclusive: true });
await once(socket, 'listening');

socket.on('message', (packet, sender) => {
  if (sender.address.startsWith('127.') && packet.length <= longestPacket) send(packet, sender.port);
});
process.stdout.on('error', () => end(0));
const silence = setTimeout(() => end(75, 'the panel is not heard any more'), lifeWithin);
setInterval(() => send(Buffer.alloc(0), 0), lifeEvery);
send(Buffer.alloc(0), 0);

let rest = Buffer.alloc(0);
process.stdin.on('end', () => end(0)).on('error', () => end(0));
process.stdin.on('data', (bytes) => {
  silence.refresh();
  rest = Buffer.concat([rest, bytes]);
  for (;;) {
    if (rest.length < 4) return;
    const [length, to] = [rest.readUInt16BE(0), rest.readUInt16BE(2)];
    if (length > longestPacket) end(65, 'the panel speaks otherwise');
    if (rest.length < 4 + length) return;
    if (length > 0) socket.send(rest.subarray(4, 4 + length), to, host);
    rest = rest.subarray(4 + length);
  }
});
