// The HTTP of ssh.
import { Router } from 'express';
import type { Guards } from '../sign-in/guards.ts';
import type { Ssh } from './ssh.ts';

export type SshRouteParts = { readonly ssh: Ssh };

export function sshRoutes(_parts: SshRouteParts, _guards: Guards): Router {
  return Router();
}
