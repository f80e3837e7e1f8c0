// How the program that makes sites runs the system's tools, and how it ends.
import { spawnSync } from 'node:child_process';

export const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** An end that is told: `outcome` and a sentence for the operator. */
export const ending = (outcome, says) => Object.assign(new Error(says), { outcome });
export const failed = (says) => ending('failed', says);
export const again = (says) => ending('again', says);

export function tool(program, args, { codesTaken = [0], ...options } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env: environment, ...options });
  if (error) throw failed(`${program} cannot be run (${error.code}): is its package installed?`);
  if (codesTaken.includes(status)) return { status, stdout };
  const says = `${program}: ${stderr.trim() || `ended with ${status}`}`;
  throw /cannot lock|try again/i.test(stderr) ? again(says) : failed(says);
}

export const unless = (codesTaken, act) => {
  try {
    return act();
  } catch (error) {
    if (codesTaken.includes(error.code)) return undefined;
    throw error;
  }
};
