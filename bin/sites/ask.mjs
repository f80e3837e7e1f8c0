// Hands an order to the same program behind a socket (systemd, `Accept=yes`), for a panel that may run nothing as root.
import { connect } from 'node:net';

/** The longest answer that a panel takes. */
const mostAnswer = 64 * 1024;

/** @returns the answer as soon as its line is whole, also while the order is still being sent; `again` when there is none */
export function ask(socketPath, order) {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let said = '';
    const end = (answer) => {
      order.unpipe(socket);
      socket.destroy();
      resolve(answer);
    };
    const unanswered = (says) => end({ outcome: 'again', error: says });
    socket
      .setEncoding('utf8')
      .on('data', (text) => {
        said += text;
        if (said.includes('\n')) end(answerIn(said.slice(0, said.indexOf('\n'))));
        else if (said.length > mostAnswer) unanswered('the service said more than an answer has');
      })
      .on('end', () => unanswered('the service gave no answer'))
      .on('error', ({ code }) => unanswered(`${socketPath}: ${code}`));
    order.pipe(socket);
  });
}

function answerIn(line) {
  try {
    const answer = JSON.parse(line);
    if (typeof answer === 'object' && answer !== null) return answer;
  } catch {
    // told below
  }
  return { outcome: 'again', error: 'what the service said is no answer' };
}
