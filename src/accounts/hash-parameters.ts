// The cost of argon2id: what is strong enough, what is too much, and which parameters take 100 to 250 ms on a machine (security.md B.4).

export type HashParameters = { readonly memoryKibibytes: number; readonly passes: number; readonly parallelism: number };

/** The minimum of OWASP's password storage sheet: never less. */
export const usualParameters: HashParameters = { memoryKibibytes: 19_456, passes: 2, parallelism: 1 };

/** A changed row must not be able to exhaust the machine. */
const highest: HashParameters = { memoryKibibytes: 1024 * 1024, passes: 10, parallelism: 16 };

/** One verification takes between these; 150 ms is aimed at. */
export const wantedMilliseconds = { least: 100, aim: 150, most: 250 } as const;

/** More memory than this a hash only where more passes cannot make it slow enough. */
const usualMemoryKibibytes = 65_536;
const stepKibibytes = 4096;

/** @throws RangeError for parameters below ASVS 5.0 appendix C or above what `verify` accepts */
export function refuseParameters(parameters: HashParameters): void {
  const { memoryKibibytes, passes, parallelism } = parameters;
  const least = passes >= 3 ? 12_288 : passes === 2 ? 19_456 : 47_104;
  if (![memoryKibibytes, passes, parallelism].every(Number.isInteger))
    throw new RangeError('parameters: whole numbers are needed');
  if (passes < 1 || parallelism < 1) throw new RangeError('parameters: at least 1 pass and 1 thread are needed');
  if (memoryKibibytes < least) throw new RangeError(`parameters: at least ${least} KiB are needed with ${passes} passes`);
  if (isTooCostly(parameters)) throw new RangeError('parameters: at most 1 GiB, 10 passes and 16 threads');
}

export const isTooCostly = ({ memoryKibibytes, passes, parallelism }: HashParameters) =>
  memoryKibibytes > highest.memoryKibibytes || passes > highest.passes || parallelism > highest.parallelism;

/** Memory that is written, the measure of argon2's work. */
export const costOf = ({ memoryKibibytes, passes }: HashParameters) => memoryKibibytes * passes;

/**
 * @param floorMilliseconds how long one hash with `usualParameters` takes here
 * @param mostKibibytes of memory a hash may take here
 * @returns the dearest parameters that are expected to stay at 150 ms, never below `usualParameters`
 */
export function parametersFor(floorMilliseconds: number, mostKibibytes: number): HashParameters {
  const wanted = (costOf(usualParameters) * wantedMilliseconds.aim) / Math.max(floorMilliseconds, 1);
  const most = Math.max(usualParameters.memoryKibibytes, Math.min(mostKibibytes, usualMemoryKibibytes));
  const passes = Math.max(usualParameters.passes, Math.min(highest.passes, Math.ceil(wanted / most)));
  const memory = Math.floor(wanted / passes / stepKibibytes) * stepKibibytes;
  return { memoryKibibytes: Math.max(usualParameters.memoryKibibytes, Math.min(most, memory)), passes, parallelism: 1 };
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

// Written here because the library orders the parameters m,p,t, which other programs that read PHC strings refuse.
export const phc = (parameters: HashParameters, salt: Buffer, tag: Buffer) =>
  `$argon2id$v=19$${costText(parameters)}$${base64(salt)}$${base64(tag)}`;

/** @returns `m=19456,t=2,p=1` */
export const costText = ({ memoryKibibytes, passes, parallelism }: HashParameters) =>
  `m=${memoryKibibytes},t=${passes},p=${parallelism}`;

const cost = /^m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})$/;
const phcString = /^\$argon2id\$v=19\$(m=\d+,t=\d+,p=\d+)\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{22,88}$/;

/** @returns the parameters of a `costText`; undefined where it is none */
export function costFrom(text: string): HashParameters | undefined {
  const [, m, t, p] = cost.exec(text) ?? [];
  return m && t && p ? { memoryKibibytes: Number(m), passes: Number(t), parallelism: Number(p) } : undefined;
}

/** @returns whether it is a `costText` that `refuseParameters` lets pass */
export function isAllowedCost(text: string): boolean {
  const parameters = costFrom(text);
  try {
    if (parameters) refuseParameters(parameters);
  } catch {
    return false;
  }
  return parameters !== undefined;
}

/** @returns whether it is a choice of `passwordCost` */
export const isPasswordCost = (text: string) => text === 'measured' || isAllowedCost(text);

/** @throws Error when the text is no argon2id PHC string */
export function parametersOf(text: string): HashParameters {
  const found = costFrom(phcString.exec(text)?.[1] ?? '');
  if (!found) throw new Error('stored password hash: not an argon2id PHC string');
  return found;
}
