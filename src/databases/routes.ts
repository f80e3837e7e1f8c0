// The HTTP of databases.
import { Router } from 'express';
import type { Guards } from '../sign-in/guards.ts';
import type { Databases } from './databases.ts';

export type DatabasesRouteParts = { readonly databases: Databases };

export function databaseRoutes(_parts: DatabasesRouteParts, _guards: Guards): Router {
  return Router();
}
