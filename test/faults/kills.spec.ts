// kill -9 of web and worker at random moments of uploads, removals, backups and sign-ups: nothing acknowledged is lost, nothing is half.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { engines } from '../support/databases.ts';
import { Customer, type SentUpload } from './customer.ts';
import { House } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { isShort, randomFrom, tell } from './seed.ts';

/** Kills of each of the two processes on each engine. */
const kills = isShort ? 2 : 50;
const betweenSettlements = isShort ? 2 * kills : 20;

for (const { name: engine, missing } of engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test(`${kills} kills of the web process and ${kills} of the worker lose nothing that was acknowledged`, async () => {
      const run = await Run.begin(engine);
      try {
        for (let round = 1; round <= 2 * kills; round += 1) {
          await run.round(round % 2 === 0 ? 'worker' : 'web');
          if (round % betweenSettlements !== 0) continue;
          await run.settle();
          run.tell();
        }
        expect(run.found).toEqual([]);
      } finally {
        await run.house.close();
      }
    });
  });
}

type Removal = { site: string; names: readonly string[]; acknowledged: boolean };

class Run {
  readonly house: House;
  readonly #random: () => number;
  readonly customers: Customer[] = [];
  readonly uploads: SentUpload[] = [];
  readonly removals: Removal[] = [];
  readonly backups: string[] = [];
  readonly found: string[] = [];
  readonly figures = {
    'web kills': 0,
    'worker kills': 0,
    'kills in an upload': 0,
    'in a removal': 0,
    'in a sign-up': 0,
    'with a job running': 0,
  };
  #settled = new Set<Customer>();
  #count = 0;
  /** acts whose answer is awaited right now */
  readonly #open = { uploads: 0, removals: 0, signUps: 0 };

  private constructor(house: House) {
    this.house = house;
    this.#random = randomFrom(`kills ${house.engine}`);
  }

  static async begin(engine: 'sqlite' | 'postgresql'): Promise<Run> {
    const run = new Run(await House.open({ engine }));
    await run.house.start();
    for (let i = 0; i < 3; i += 1) {
      const customer = await new Customer(run.house, run.#email()).arrive();
      run.customers.push(customer);
      run.#settled.add(customer);
    }
    return run;
  }

  #email(): string {
    this.#count += 1;
    return `customer-${this.#count}@example.com`;
  }

  /** Everything at once, and in the middle of it the kill. */
  async round(target: 'web' | 'worker'): Promise<void> {
    const stop = new AbortController();
    const [first, second] = this.#ready();
    if (!first || !second) throw new Error('there are no customers');
    const load = Promise.allSettled([
      this.#uploading(first, stop.signal),
      this.#uploading(second, stop.signal),
      this.#removing(second, stop.signal),
      this.#signingUp(stop.signal),
      this.#backingUp(),
    ]);
    if (target === 'worker') await this.house.until(async () => (await this.house.jobsRunning()) > 0, 20);
    await sleep(this.#random() * (target === 'web' ? 1500 : 400));
    await this.#noteMoment();
    if (target === 'web') await this.#killWeb();
    else await this.#killWorker();
    stop.abort();
    await load;
    if (target === 'web') await this.house.start();
    await this.#repeatSignUps();
  }

  async #noteMoment(): Promise<void> {
    const { figures } = this;
    if (this.#open.uploads > 0) figures['kills in an upload'] += 1;
    if (this.#open.removals > 0) figures['in a removal'] += 1;
    if (this.#open.signUps > 0) figures['in a sign-up'] += 1;
    if ((await this.house.jobsRunning()) > 0) figures['with a job running'] += 1;
  }

  async #killWeb(): Promise<void> {
    this.figures['web kills'] += 1;
    if (!(await this.house.killWeb())) this.found.push('the worker outlived its web process');
  }

  async #killWorker(): Promise<void> {
    this.figures['worker kills'] += 1;
    process.kill(await this.house.worker(), 'SIGKILL');
    // The web process goes on meanwhile.
    await sleep(this.#random() * 300);
  }

  /** Customers with a site, those that have backups left first. */
  #ready(): Customer[] {
    return this.customers.filter(({ site }) => site !== '').sort((a, b) => b.backupsLeft - a.backupsLeft);
  }

  async #uploading(customer: Customer, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const files = Array.from({ length: 1 + Math.floor(this.#random() * 6) }, () => {
        this.#count += 1;
        const bytes = Math.floor(this.#random() ** 3 * 600_000) + 1;
        return { name: `file-${this.#count}.txt`, body: Buffer.alloc(bytes, `${this.#count} ${this.#random()}\n`) };
      });
      this.#open.uploads += 1;
      await customer.upload(files, (upload) => this.uploads.push(upload)).finally(() => (this.#open.uploads -= 1));
    }
  }

  async #removing(customer: Customer, signal: AbortSignal): Promise<void> {
    const gone = new Set(this.removals.flatMap(({ names }) => names));
    const stored = this.uploads.filter(({ site, location }) => site === customer.site && location).flatMap(({ files }) => files);
    const names = stored.map(({ name }) => name).filter((name) => !gone.has(name));
    while (!signal.aborted && names.length > 0) {
      const removal: Removal = { site: customer.site, names: names.splice(0, 3), acknowledged: false };
      this.removals.push(removal);
      this.#open.removals += 1;
      removal.acknowledged = (await customer.remove(removal.names).finally(() => (this.#open.removals -= 1))) === 303;
    }
  }

  async #signingUp(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.customers.length < 3 + this.figures['web kills'] + this.figures['worker kills'] + 3) {
      const customer = new Customer(this.house, this.#email());
      this.customers.push(customer);
      this.#open.signUps += 1;
      await customer.signUp().finally(() => (this.#open.signUps -= 1));
    }
  }

  async #backingUp(): Promise<void> {
    const [customer] = this.#ready();
    if (!customer || customer.backupsLeft === 0) return;
    customer.backupsLeft -= 1;
    const id = await customer.backUp();
    if (id) this.backups.push(id);
  }

  /** Who got no answer sends the same form again, as a person does. */
  async #repeatSignUps(): Promise<void> {
    for (const customer of this.customers) {
      if (customer.acknowledged || !customer.sent) continue;
      const status = await customer.repeatSignUp();
      if (![303, 409].includes(status)) this.found.push(`${customer.email}: a repeated form was answered ${status}`);
    }
  }

  /** Lets everything that was accepted be done, and looks at all of it. */
  async settle(): Promise<void> {
    this.found.push(...(await unsettled(this.house)));
    for (const customer of this.customers.filter((one) => one.acknowledged && !this.#settled.has(one))) {
      this.#settled.add(customer);
      const verified = await customer.verify();
      const signedIn = await customer.signIn();
      if (verified !== 303 || signedIn !== 200)
        this.found.push(`${customer.email}: verification ${verified}, sign-in ${signedIn}`);
      else await customer.findSite();
    }
    this.found.push(...(await unsettled(this.house)), ...(await breaches(this.house, this)));
  }

  tell(): void {
    const acknowledged = this.uploads.filter(({ location }) => location);
    tell(`kills on ${this.house.engine}`, {
      ...this.figures,
      'forms of files sent': this.uploads.length,
      acknowledged: acknowledged.length,
      'files acknowledged and compared': acknowledged.flatMap(({ files }) => files).length,
      'removals asked': this.removals.length,
      'removals acknowledged': this.removals.filter((removal) => removal.acknowledged).length,
      'sign-ups sent': this.customers.length,
      'sign-ups acknowledged, verified and signed in': this.#settled.size,
      'backups accepted and verified': this.backups.length,
      breaches: this.found.length,
    });
    for (const breach of this.found) console.log(breach);
  }
}
