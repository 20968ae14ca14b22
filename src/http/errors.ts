import type { ErrorRequestHandler, Request, Response } from 'express';
import { ZodError } from 'zod';
import { AppError } from '../errors.js';
import { isDuplicateKey, isUnavailable } from '../store/port.js';
import { issueText } from './params.js';
import { stateOf } from './state.js';

export interface ErrorAnswer {
  status: number;
  body: { error: string } & Record<string, unknown>;
}

/** Makes the HTML page of an error, for people who came with a browser. */
export type ErrorPage = (answer: { status: number; text: string }) => string;

/** When to come back after a 503, seconds. */
const retryAfter = '30';
const outOfOrder = 'This server cannot do its work just now. Try again later.';
const surprise = 'This is not your fault: something went wrong on this server. It has been logged.';

/** Texts for errors that libraries raise with a status of their own (http-errors, body-parser, router). */
const texts: Record<number, string> = {
  400: 'The request could not be understood',
  401: 'The access token is invalid',
  403: 'This action is not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'The request took too long',
  413: 'The request body is too large',
  414: 'The address is too long',
  415: 'This charset or encoding is not supported',
  429: 'Too many requests',
};

/** What is answered for something that was thrown. Says nothing that was not meant for the client. */
export function toErrorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof AppError)
    return { status: error.status, body: { error: error.publicText, ...error.details } };
  if (error instanceof ZodError)
    return { status: 422, body: { error: `Validation failed: ${issueText(error)}` } };
  if (isDuplicateKey(error)) return { status: 422, body: { error: 'Duplicate record' } };
  if (isUnavailable(error)) return { status: 503, body: { error: outOfOrder } };
  const status = clientErrorStatus(error);
  if (status === null) return { status: 500, body: { error: surprise } };
  return { status, body: { error: texts[status] ?? 'The request could not be processed' } };
}

function clientErrorStatus(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('status' in error)) return null;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : null;
}

/** The last middleware. The log line is written by request-log.ts once the answer is out. */
export function errorHandler(errorPage?: ErrorPage): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const state = stateOf(req);
    state.failure = error;
    if (res.headersSent) return next(error);
    const { status, body } = toErrorAnswer(error);
    res.status(status);
    if (status === 503 && !res.hasHeader('Retry-After')) res.set('Retry-After', retryAfter);
    if (errorPage && wantsPage(req)) sendErrorPage(res, errorPage({ status, text: body.error }));
    else res.json(body);
  };
}

function sendErrorPage(res: Response, html: string): void {
  res.type('html').send(html);
}

/** Paths that machines use: always JSON, since clients parse whatever comes and fall back only on a 404 they can read. */
const machinePath = /^\/(api|oauth\/(token|revoke|userinfo)|\.well-known|nodeinfo)(\/|$)/i;

export function wantsPage(req: Request): boolean {
  return !machinePath.test(req.path) && req.accepts(['json', 'html']) === 'html';
}
