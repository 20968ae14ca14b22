import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { Express } from 'express';
import { messagesOf } from '../../src/http/messages.js';
import { appWith, request, startBase, type Base } from './support.js';

let base: Base;
let app: Express;
let server: Server;
const born: object[] = [];
const handled: object[] = [];
const prototypes = (...messages: object[]): object[] =>
  messages.map((m) => Object.getPrototypeOf(m) as object);

beforeAll(async () => {
  base = await startBase({ trustProxy: 'loopback' });
  app = appWith(base.ctx, (router) => {
    router.post('/told', (req, res) => {
      handled.push(...prototypes(req, res));
      res.status(201).json({ ip: req.ip, path: req.path, type: req.get('content-type') });
    });
  });
  server = createServer(messagesOf(app), app);
  server.prependListener('request', (req, res) => void born.push(...prototypes(req, res)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await base.close();
});

test('requests and answers are those of the application from birth, and do what they did', async () => {
  const res = await request(server)
    .post('/told?x=1')
    .set('X-Forwarded-For', '203.0.113.9')
    .set('Content-Type', 'text/plain')
    .send('hello')
    .expect(201);
  expect(res.body).toEqual({ ip: '203.0.113.9', path: '/told', type: 'text/plain' });
  for (const messages of [born, handled]) {
    expect(messages[0]).toBe(app.request);
    expect(messages[1]).toBe(app.response);
  }
});

test('an application that a plain server asks answers as well', async () => {
  await request(app).post('/told').expect(201);
});
