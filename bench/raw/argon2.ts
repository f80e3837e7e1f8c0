// The raw limit of sign-ins: argon2id verifications, so many at once, and nothing else. Prints how many a second.
import { verify } from 'argon2';

const [hash = '', password = '', atOnce = '1', seconds = '1'] = process.argv.slice(2);
let done = 0;
const begun = performance.now();
const end = begun + Number(seconds) * 1000;

async function line(): Promise<void> {
  while (performance.now() < end) {
    if (!(await verify(hash, password))) throw new Error('the password does not fit');
    done += 1;
  }
}

await Promise.all(Array.from({ length: Number(atOnce) }, line));
console.log(done / ((performance.now() - begun) / 1000));
