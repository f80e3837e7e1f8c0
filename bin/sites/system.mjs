// How the program that makes sites runs the system's tools, and how it ends.
import { spawnSync } from 'node:child_process';

export const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** An end that is told: `outcome` and a sentence for the operator. */
export const ending = (outcome, says) => Object.assign(new Error(says), { outcome });
export const failed = (says) => ending('failed', says);
export const again = (says) => ending('again', says);

/** Milliseconds: who keeps the system's list of users locked is waited for. */
const [mostWaiting, pause] = [10_000, 100];

/** Runs a tool of the system to its end. @throws failed with its words; again where somebody else is at the same list of users */
export function tool(program, args, { codesTaken = [0], ...options } = {}) {
  for (let waited = 0; ; waited += pause) {
    const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env: environment, ...options });
    if (error?.code === 'ETIMEDOUT') throw failed(`${program} did not end in time`);
    if (error)
      throw Object.assign(failed(`${program} cannot be run (${error.code}): is its package installed?`), { code: error.code });
    if (codesTaken.includes(status)) return { status, stdout };
    const says = `${program}: ${stderr?.trim() || `ended with ${status}`}`;
    if (!/cannot lock|try again|already exists/i.test(says)) throw failed(says);
    // What exists by now was made by a run that was cut off: the next one finds it.
    if (/already exists/i.test(says) || waited >= mostWaiting) throw again(says);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
}

export const unless = (codesTaken, act) => {
  try {
    return act();
  } catch (error) {
    if (codesTaken.includes(error.code)) return undefined;
    throw error;
  }
};
