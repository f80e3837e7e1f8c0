// The room in a site that a job of files holds: taken before a byte is put there, given back as far as it was not used.
import type { Connection } from '../platform/database/database.ts';
import type { FileAct, Room } from '../sites/sites.ts';
import { Stopped } from './job-faults.ts';

/** As much is taken at once where nobody knows how much is to come. */
const ahead: Room = { bytes: 16 * 1024 * 1024, files: 100 };

export class JobRoom {
  readonly #connection: Connection;
  readonly #act: FileAct;
  readonly most: number;
  #held: Room = { bytes: 0, files: 0 };
  #used: Room = { bytes: 0, files: 0 };

  /** @param most what the site had free when the job began, for work that cannot be stopped in the middle of a quota */
  constructor(connection: Connection, act: FileAct, most: number) {
    this.#connection = connection;
    this.#act = act;
    this.most = most;
  }

  /** @throws Stopped `quota` when the site does not hold as much */
  async reserve(room: Room): Promise<void> {
    if (!(await this.#grow(room))) throw new Stopped('quota');
  }

  /** For one file that is about to be put. @throws Stopped `quota` */
  async take(bytes: number): Promise<void> {
    const left = { bytes: this.#held.bytes - this.#used.bytes, files: this.#held.files - this.#used.files };
    const missing = { bytes: Math.max(0, bytes - left.bytes), files: Math.max(0, 1 - left.files) };
    if (missing.bytes > 0 || missing.files > 0) {
      const plenty = { bytes: missing.bytes + ahead.bytes, files: missing.files + ahead.files };
      if (!(await this.#grow(plenty))) await this.reserve(missing);
    }
    this.#used = { bytes: this.#used.bytes + bytes, files: this.#used.files + 1 };
  }

  async #grow(room: Room): Promise<boolean> {
    const grown = await this.#connection.write((tx) => this.#act.grow(tx, room));
    if (grown) this.#held = { bytes: this.#held.bytes + room.bytes, files: this.#held.files + room.files };
    return grown;
  }

  /** what goes back when everything that was put stays */
  get unused(): Room {
    return { bytes: this.#held.bytes - this.#used.bytes, files: this.#held.files - this.#used.files };
  }

  /** what goes back when nothing stays */
  get held(): Room {
    return this.#held;
  }
}
