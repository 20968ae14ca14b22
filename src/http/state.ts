import type { Request } from 'express';
import type { TokenHolder } from '../domain/tokens.js';
import type { Viewer } from './auth.js';
import type { UploadedFile } from './multipart.js';

/** What one request has gathered on its way through the middlewares. */
export interface RequestState {
  id: string;
  /** The token text that was looked up last, and whom it speaks for. No guard has looked at it yet. */
  triedToken: string | null;
  bearer: TokenHolder | null;
  /** Set by a guard of auth.ts once scopes and standing were found good. */
  viewer: Viewer | null;
  query: Record<string, unknown> | null;
  /** Null until `apiBody` ran. */
  body: Record<string, unknown> | null;
  files: Map<string, UploadedFile>;
  /** Why the request failed, for the log line. */
  failure: unknown;
}

/** What the parts of one Express application share. */
export interface AppState {
  /** Public origin; every absolute link begins with it, never with a request header. */
  origin: string;
  uploads: UploadBudget;
}

/** Bytes of uploads held in memory by all requests together. */
export interface UploadBudget {
  /** False when there is no room; then nothing was taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

declare module 'express-serve-static-core' {
  interface Request {
    landfall?: RequestState;
  }
}

export function stateOf(req: Request): RequestState {
  req.landfall ??= {
    id: '',
    triedToken: null,
    bearer: null,
    viewer: null,
    query: null,
    body: null,
    files: new Map(),
    failure: null,
  };
  return req.landfall;
}

/** @throws Error when the request did not come through `createApp`. */
export function appStateOf(req: Request): AppState {
  const state: unknown = req.app.locals['landfall'];
  if (state === undefined) throw new Error('The application was not made by createApp');
  return state as AppState;
}

export function createUploadBudget(bytes: number): UploadBudget {
  let free = bytes;
  return {
    take(wanted) {
      if (wanted > free) return false;
      free -= wanted;
      return true;
    },
    give(returned) {
      free += returned;
    },
  };
}
