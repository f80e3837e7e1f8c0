// Errors that a person can act on. Everything else that is thrown is a bug and answers 500.

/** Values for the placeholders of a message; never personal values, since errors may be logged. */
export type Parameters = Readonly<Record<string, string | number>>;

/**
 * The person can act: `status` is the HTTP status, `key` names the sentence in `messages/`.
 * @param parameters what the sentence fills in
 */
export class PanelError extends Error {
  readonly status: number;
  readonly key: string;
  readonly parameters: Parameters;

  constructor(status: number, key: string, parameters: Parameters = {}) {
    super(key);
    this.name = 'PanelError';
    this.status = status;
    this.key = key;
    this.parameters = parameters;
  }
}

/** One refused field: the sentence and what it fills in. */
export type FieldFault = { readonly key: string; readonly parameters?: Parameters };

/** Refused input, 422 (429 where the form must wait): every refused field with all its reasons at once. */
export class Invalid extends PanelError {
  readonly fields: Readonly<Record<string, readonly FieldFault[]>>;

  constructor(fields: Readonly<Record<string, readonly FieldFault[]>>, key = 'error.invalid', status: 422 | 429 = 422) {
    super(status, key);
    this.name = 'Invalid';
    this.fields = fields;
  }
}

const kind = (status: number, usual: string) => (key?: string, parameters?: Parameters) =>
  new PanelError(status, key ?? usual, parameters);

export const badRequest = kind(400, 'error.badRequest');
export const notSignedIn = kind(401, 'error.notSignedIn');
export const forbidden = kind(403, 'error.forbidden');
/** Also for what belongs to somebody else: a stranger never learns that it exists. */
export const notFound = kind(404, 'error.notFound');
export const conflict = kind(409, 'error.conflict');
export const gone = kind(410, 'error.gone');
export const tooLarge = kind(413, 'error.tooLarge');
export const unsupported = kind(415, 'error.unsupported');
export const tooMany = kind(429, 'error.tooMany');
/** A part that must answer is down, so the act is refused, never let through. */
export const unavailable = kind(503, 'error.unavailable');

/** For `catch`, where a thing may have gone meanwhile: nothing for a 404. @throws every other error */
export function whenMissing(error: unknown): undefined {
  if (error instanceof PanelError && error.status === 404) return undefined;
  throw error;
}
