import { expect, test } from '@jest/globals';
import express from 'express';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import request from 'supertest';
import { inOrder } from '../../src/http/only.js';

const step =
  (name: string): RequestHandler =>
  (req, _res, next) => {
    req.headers['x-steps'] = `${String(req.headers['x-steps'] ?? '')}${name}`;
    next();
  };
const fails: Record<string, RequestHandler> = {
  throws: () => {
    throw new Error('broken');
  },
  'passes an error on': (_req, _res, next) => next(new Error('broken')),
  rejects: () => Promise.reject(new Error('broken')),
  'rejects later': async () => {
    await Promise.resolve();
    throw new Error('broken');
  },
};

function appOf(...handlers: RequestHandler[]) {
  const app = express();
  app.use(inOrder(...handlers));
  app.use((req, res) => void res.json({ steps: req.headers['x-steps'] }));
  const failed: ErrorRequestHandler = (error: Error, req, res, _next) =>
    void res.status(500).json({ error: error.message, steps: req.headers['x-steps'] });
  app.use(failed);
  return app;
}

test('handlers run in their order, and what follows runs after them', async () => {
  const later: RequestHandler = async (req, res, next) => {
    await Promise.resolve();
    step('b')(req, res, next);
  };
  const { body } = await request(appOf(step('a'), later, step('c'))).get('/');
  expect(body).toEqual({ steps: 'abc' });
});

test('one that answers ends the row', async () => {
  const answer: RequestHandler = (_req, res) => void res.json({ ended: true });
  const { body } = await request(appOf(step('a'), answer, step('c'))).get('/');
  expect(body).toEqual({ ended: true });
});

test.each(Object.keys(fails))('one that %s ends the row with its error', async (how) => {
  const app = appOf(step('a'), fails[how] as RequestHandler, step('c'));
  const { status, body } = await request(app).get('/');
  expect([status, body]).toEqual([500, { error: 'broken', steps: 'a' }]);
});
