// A customer with a browser without JavaScript, who remembers what the panel acknowledged and what it did not.
import { Client } from '../support/embedding/client.ts';
import { hiddenFields, password, wanted } from '../support/panel.ts';
import { type House, sha256 } from './house.ts';

export type SentFile = { readonly name: string; readonly size: number; readonly sha256: string };

/** One form with files: `location` only when it was answered by 303. */
export type SentUpload = { readonly site: string; readonly files: readonly SentFile[]; location?: string; status?: number };

export class Customer {
  readonly email: string;
  client: Client;
  readonly #house: House;
  site = '';
  /** whether the sign-up was answered by 303 */
  acknowledged = false;
  /** the fields of the sign-up as they were sent, for a repeat */
  sent: Record<string, string | string[]> | undefined;
  backupsLeft = 5;

  get origin(): string {
    return this.#house.origin;
  }

  constructor(house: House, email: string) {
    this.#house = house;
    this.email = email;
    this.client = new Client(house.origin);
  }

  /** @returns the status of the answer. @throws when there was none */
  async signUp(): Promise<number> {
    const { text, status } = await this.client.get('/signup?plan=forest');
    if (status >= 500) return status;
    this.sent = { ...hiddenFields(text, '/signup'), ...wanted, plan: 'forest', email: this.email, password };
    return this.repeatSignUp();
  }

  async repeatSignUp(): Promise<number> {
    const { status } = await this.client.post('/signup', this.sent ?? {});
    if (status === 303) this.acknowledged = true;
    return status;
  }

  /** The link of the letter that came for this customer. */
  async link(path = '/verify/'): Promise<string | undefined> {
    const letters = (await this.#house.letters()).filter((letter) => letter.toLowerCase().includes(`to: ${this.email}`));
    const links = letters.map((letter) => new RegExp(`^https?://[^/\\s]+(\\S*${path}\\S*)$`, 'm').exec(letter)?.[1]);
    return links.filter((link) => link !== undefined).at(-1);
  }

  /** Verifies by the letter. @returns the status, 0 when there is no letter */
  async verify(): Promise<number> {
    const link = await this.link();
    return link ? (await this.client.submit(link, { password })).status : 0;
  }

  /** In a browser that was never here. @returns the status of the dashboard after signing in */
  async signIn(client = new Client(this.#house.origin)): Promise<number> {
    const { status, location } = await client.submit('/login', { email: this.email, password });
    return status === 303 && location !== '' ? (await client.get('/dashboard')).status : status;
  }

  /** Leaves the browser that was used till now for a new one. @returns the status of the dashboard there */
  moveToNewBrowser(): Promise<number> {
    this.client = new Client(this.#house.origin);
    return this.signIn(this.client);
  }

  /** Whether a browser that was never here is asked for the picture against machines. */
  async meetsPicture(): Promise<boolean> {
    const { text } = await new Client(this.#house.origin).submit('/login', { email: this.email, password: 'not this one' });
    return text.includes('name="captcha"');
  }

  /** Signs up, verifies and waits for the site. */
  async arrive(): Promise<this> {
    const status = await this.signUp();
    if (status !== 303) throw new Error(`sign-up of ${this.email}: ${status}`);
    const came = await this.#house.until(async () => (await this.link()) !== undefined, 120);
    if (!came) throw new Error(`no letter for ${this.email}`);
    await this.verify();
    await this.findSite();
    return this;
  }

  async findSite(): Promise<string> {
    const open = async () => {
      const { location } = await this.client.get('/files');
      this.site = /\/sites\/([a-z0-9-]+)\//.exec(location)?.[1] ?? '';
      const { status } = this.site ? await this.client.get(`/sites/${this.site}/files/www`) : { status: 0 };
      return status === 200;
    };
    if (!(await this.#house.until(open, 120))) throw new Error(`no site for ${this.email}`);
    return this.site;
  }

  /** Sends one form; an answer of 303 to the results is the acknowledgement. */
  async upload(
    files: readonly { name: string; body: Buffer<ArrayBuffer> }[],
    noted: (upload: SentUpload) => void,
  ): Promise<SentUpload> {
    const { site } = this;
    const upload: SentUpload = {
      site,
      files: files.map(({ name, body }) => ({ name, size: body.length, sha256: sha256(body) })),
    };
    noted(upload);
    const answer = await this.client.upload(`/sites/${site}/files/www`, `/sites/${site}/files/upload`, files);
    upload.status = answer.status;
    if (answer.status === 303 && answer.location.includes('/files/results/')) upload.location = answer.location;
    return upload;
  }

  /** @returns the status of removing these names */
  async remove(names: readonly string[]): Promise<number> {
    const { site } = this;
    const page = `/sites/${site}/files/www?do=delete&${names.map((name) => `path=www/${name}`).join('&')}`;
    const fields = { path: names.map((name) => `www/${name}`) };
    return (await this.client.submit(page, fields, `/sites/${site}/files/delete`)).status;
  }

  /** @returns the id of the accepted backup */
  async backUp(): Promise<string | undefined> {
    const answer = await this.client.submit(`/sites/${this.site}/backups`, {});
    return answer.status === 303 ? /\/backups\/([0-9a-f-]{36})/.exec(answer.location)?.[1] : undefined;
  }
}
