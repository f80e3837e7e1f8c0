// Limits of acts, among the choices of options.ts: how they are written, and those of the login's defence (security.md C.1).
import { z } from 'zod';

/** A limit of acts: so many in a window. `LIMITS_SCALE` multiplies the counts. */
export const rate = (acts: number, windowMinutes: number) =>
  z
    .object({ count: z.number().int().positive(), windowMilliseconds: z.number().int().positive() })
    .default({ count: acts, windowMilliseconds: windowMinutes * 60_000 });

export const defenceLimits = {
  /** failed sign-ins from one address (IPv4 /32, IPv6 /64), by browsers that never signed in there, before a CAPTCHA is asked there */
  failuresPerAddress: rate(20, 15),
  /** the same from one network (IPv4 /24, IPv6 /56 and /48) */
  failuresPerNetwork: rate(100, 60),
  /** different login names that failed from one network before a CAPTCHA is asked there */
  namesPerNetwork: rate(10, 60),
  /** different login names from one network that raise the alarm: then every stranger is asked for a CAPTCHA */
  namesBeforeAlarm: rate(50, 60),
  /** failures of all strangers that raise the alarm where they are far more than usual */
  failuresOfService: rate(60, 10),
  /** failures of one account by strangers before they have to wait, longer each time */
  failuresBeforeWaits: rate(10, 60),
  /** failures of a browser that is known at the account before it counts as a stranger; ten times as many, and it does for ever */
  failuresPerDevice: rate(10, 60),
};

/** Requests of customers' programs. */
export const apiLimits = {
  /** from one network address, with a token or without */
  apiByAddress: rate(600, 15),
  /** by one token */
  apiByToken: rate(300, 15),
};
