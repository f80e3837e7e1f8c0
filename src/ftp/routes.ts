// The HTTP of ftp.
import { Router } from 'express';
import type { Guards } from '../sign-in/guards.ts';
import type { Ftp } from './ftp.ts';

export type FtpRouteParts = { readonly ftp: Ftp };

export function ftpRoutes(_parts: FtpRouteParts, _guards: Guards): Router {
  return Router();
}
