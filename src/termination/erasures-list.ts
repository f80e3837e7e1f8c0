// The list of erasures: a file beside the database, so that a database that is older than an erasure brings nobody back (security.md G.4).
import { appendFile, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Signing } from '../platform/signing.ts';

/** What is in no database that was saved before: ids alone, nothing that tells who it was. */
export type ListedErasure = { readonly closureId: string; readonly customerId: string; readonly begunAt: number };

const line = /^([0-9a-f-]{36} [0-9a-f-]{36} \d{1,15}) ([\w-]{1,64}) ([\w-]{86})$/;
const signed = (said: string) => `Gotgan erasure, version 1\n${said}\n`;

/**
 * One line each, only added, signed: whoever can write to the file alone cannot have another customer erased. Signatures of secrets of
 * before still count, as those of backups do.
 */
export class ErasuresList {
  readonly #file: string;
  readonly #signing: Signing;

  constructor(file: string, signing: Signing) {
    this.#file = file;
    this.#signing = signing;
  }

  /** Durable before it returns; written once, however often it is asked. */
  async add({ closureId, customerId, begunAt }: ListedErasure): Promise<void> {
    if ((await this.all()).erasures.some((one) => one.closureId === closureId)) return;
    const said = `${closureId} ${customerId} ${begunAt}`;
    const { keyName } = this.#signing;
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o750 });
    // A line that was cut off by a crash must not swallow this one.
    await appendFile(
      this.#file,
      `${(await this.#endsOpen()) ? '\n' : ''}${said} ${keyName} ${this.#signing.sign(signed(said))}\n`,
      {
        mode: 0o600,
      },
    );
    const file = await open(this.#file, 'r');
    await file.sync().finally(() => file.close());
  }

  /**
   * @returns every erasure that was begun, and how many lines are not ours: cut off, or somebody else's
   * @throws what the system says when the list is there and cannot be read: nobody may be served then
   */
  async all(): Promise<{ readonly erasures: readonly ListedErasure[]; readonly foreign: number }> {
    const lines = (await this.#text()).split('\n').filter((text) => text !== '');
    const erasures = lines.flatMap((text) => {
      const [, said = '', key = '', signature = ''] = line.exec(text) ?? [];
      if (said === '' || !this.#signing.verifies(signed(said), signature, key)) return [];
      const [closureId = '', customerId = '', begunAt = ''] = said.split(' ');
      return [{ closureId, customerId, begunAt: Number(begunAt) }];
    });
    return { erasures, foreign: lines.length - erasures.length };
  }

  async #endsOpen(): Promise<boolean> {
    const text = await this.#text();
    return text !== '' && !text.endsWith('\n');
  }

  async #text(): Promise<string> {
    return readFile(this.#file, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  }
}
