// Real Unix users on this machine, made by bin/gotgan-sites.mjs with settings of its own; every one of them is gone afterwards.
import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

export const sitesProgram = join(import.meta.dirname, '../../bin/gotgan-sites.mjs');

export type UnixSites = {
  /** what makes the sites, as `gotgan server add --command` takes it */
  readonly command: readonly string[];
  /** where they lie */
  readonly root: string;
  /** where everybody may write, as in /tmp */
  readonly shared: string;
  /** a folder of this machine for anything else */
  readonly outside: string;
  readonly settingsFile: string;
  /** @returns the system's user of a site */
  user(siteName: string): string;
  close(): Promise<void>;
};

/**
 * @param settings in the place of what stands in the settings by default: the panel is root, the web server www-data
 * @param under where the folder of all this is made; sshd shuts nobody into one below a folder that everybody may write to
 */
export async function unixSites(
  settings: Readonly<Record<string, string | object | null>> = {},
  under = tmpdir(),
): Promise<UnixSites> {
  if (process.getuid?.() !== 0) throw new Error('Unix users can only be made as root: run this test as root');
  const base = await mkdtemp(join(under, 'gotgan-unix-'));
  // Others must find the way to what is theirs; the folders in it say who they are.
  await chmod(base, 0o755);
  const [root, state, outside, settingsFile] = ['sites', 'state', 'outside', 'settings.json'].map((name) => join(base, name)) as [
    string,
    string,
    string,
    string,
  ];
  await mkdir(root, { mode: 0o755 });
  await mkdir(outside, { mode: 0o755 });
  const shared = join(base, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o1777);
  const prefix = `g${randomBytes(3).toString('hex')}-`;
  // Numbers of its own: other tests make users at the same moment.
  const first = randomInt(100_000, 2_000_000_000);
  const usual = { root, state, prefix, webUser: 'www-data', shared: [shared], numbers: [first, first + 999] };
  await writeFile(settingsFile, JSON.stringify({ ...usual, ...settings }), { mode: 0o600 });
  return {
    command: [process.execPath, sitesProgram, settingsFile],
    root,
    shared,
    outside,
    settingsFile,
    user: (siteName) => `${prefix}${siteName}`,
    close: async () => {
      const users = (await readFile('/etc/passwd', 'utf8')).split('\n').filter((line) => line.startsWith(prefix));
      for (const line of users) await run('userdel', ['--force', line.split(':')[0] ?? '']).catch(() => {});
      await rm(base, { recursive: true, force: true });
    },
  };
}
