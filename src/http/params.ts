import express from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { AppError, badRequest, invalid } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { checkShape, isRecord, parseForm } from './form.js';
import { parseJson } from './json.js';
import { readMultipart, type UploadedFile } from './multipart.js';
import { appStateOf, stateOf } from './state.js';

export type { UploadedFile } from './multipart.js';

const jsonTypes = ['application/json', 'application/*+json'];
const formType = 'application/x-www-form-urlencoded';

/**
 * Parses JSON, urlencoded and multipart bodies on every method, DELETE included; other bodies are left alone.
 * Runs once per request, however often it is mounted. Files need a token that `authenticate` has seen before.
 */
export function apiBody(ctx: Ctx): RequestHandler {
  const { requestBytes } = ctx.settings;
  const json = express.text({ limit: requestBytes, type: jsonTypes });
  const form = express.text({ limit: requestBytes, type: formType });
  return async (req, res, next) => {
    const state = stateOf(req);
    if (state.body !== null) return next();
    if (!hasBody(req)) state.body = {};
    else if (req.is('multipart/form-data')) state.body = await multipartBody(ctx, req, res);
    else if (req.is(formType)) state.body = parseForm(asText(await run(form, req, res)));
    else state.body = checkShape(parseJson(asText(await run(json, req, res)) || '{}') ?? {});
    next();
  };
}

/** RFC 9112 section 6.3. */
function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** What a body parser made of the body; undefined when there is none, or of a type that it leaves alone. */
function run(handler: RequestHandler, req: Request, res: Response): Promise<unknown> {
  return new Promise((resolve, reject) => {
    handler(req, res, (error?: unknown) => (error ? reject(error) : resolve(req.body)));
  });
}

const asText = (body: unknown): string => (typeof body === 'string' ? body : '');

async function multipartBody(ctx: Ctx, req: Request, res: Response): Promise<Record<string, unknown>> {
  const state = stateOf(req);
  const { uploads } = appStateOf(req);
  let held = 0;
  res.once('close', () => uploads.give(held));
  const { imageBytes, videoBytes } = ctx.settings;
  const { form, files } = await readMultipart(req, {
    // A file with its thumbnail, or two pictures of a profile, and texts.
    maxTotalBytes: Math.max(videoBytes + imageBytes, 2 * imageBytes) + 4 * 1024 * 1024,
    filesAllowed: state.bearer !== null,
    maxBytes: (type) => (type.startsWith('image/') ? imageBytes : videoBytes),
    reserve(bytes) {
      if (res.closed || !uploads.take(bytes)) return false;
      held += bytes;
      return true;
    },
  });
  for (const file of files) state.files.set(file.field, file);
  return parseForm(form);
}

/** The query of a request, parsed once. */
export function queryOf(req: Request): Record<string, unknown> {
  const state = stateOf(req);
  const start = req.originalUrl.indexOf('?');
  state.query ??= start === -1 ? {} : parseForm(req.originalUrl.slice(start + 1));
  return state.query;
}

/**
 * Query and body as one, as Rails does it: the body wins. Without `apiBody` only the query.
 * @throws AppError 400 when the query is hostile
 */
export function paramsOf(req: Request): Record<string, unknown> {
  return { ...queryOf(req), ...stateOf(req).body };
}

/** Uploaded files by field name. */
export function filesOf(req: Request): Map<string, UploadedFile> {
  return stateOf(req).files;
}

/**
 * The parameters of a request in the shape of `schema`. `null` members count as absent (clients send them freely);
 * where null has a meaning of its own, look at `paramsOf`.
 * @throws AppError 422 for a parameter that does not fit or that a write misses, 400 for one that a read misses
 */
export function parseParams<T>(schema: z.ZodType<T>, req: Request): T {
  const params = withoutNulls(paramsOf(req));
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  throw toParamsError(parsed.error, { params, isRead: req.method === 'GET' || req.method === 'HEAD' });
}

function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    kept.map(([name, member]) => [name, isRecord(member) ? withoutNulls(member) : member]),
  );
}

/** As Rails: what a read needs must be there; what a write leaves out is a blank attribute of what it makes. */
function toParamsError(
  error: z.ZodError,
  { params, isRead }: { params: Record<string, unknown>; isRead: boolean },
): AppError {
  const missing = error.issues.find((issue) => issue.path.length === 1 && !(String(issue.path[0]) in params));
  if (!missing) return invalid(issueText(error));
  const name = String(missing.path[0]);
  if (isRead) return badRequest(`param is missing or the value is empty: ${name}`);
  return invalid(`${attributeName([name])} can't be blank`);
}

/** `poll options` of `['poll', 'options']`, with a capital. */
function attributeName(path: readonly PropertyKey[]): string {
  const text = path.map(String).join(' ').replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `Poll options is too long, Language is not valid` — the first few issues in the words of Rails. */
export function issueText(error: z.ZodError): string {
  const texts = error.issues.slice(0, 5).map((issue) => {
    return `${attributeName(issue.path)} ${issue.message}`.trim();
  });
  return [...new Set(texts)].join(', ').slice(0, 500);
}
