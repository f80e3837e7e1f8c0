// A picture that only a person should read. Replaceable; passes test/platform/captcha.contract.ts.

export type Challenge = {
  /** what the person is to type; kept only as a digest by the caller */
  readonly answer: string;
  /** a complete PNG */
  readonly picture: Buffer;
};

export interface Captcha {
  draw(): Promise<Challenge>;
  /** Forgives case, spaces and look-alikes that are never drawn. */
  normalise(typed: string): string;
}
