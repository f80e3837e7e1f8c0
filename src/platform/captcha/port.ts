// A picture that only a person should read. Replaceable; passes test/platform/captcha.contract.ts.

export type Challenge = {
  /** what the person is to type; kept only as a digest by the caller */
  readonly answer: string;
  /** a complete PNG */
  readonly picture: Buffer;
};

/** Draws challenges; that each is good for one answer only is the caller's affair (ruling 1). */
export interface Captcha {
  /** @returns a new picture with an answer of its own, drawn at random by a cryptographic source */
  draw(): Promise<Challenge>;
  /** Forgives case, spaces and look-alikes that are never drawn. */
  normalise(typed: string): string;
}
