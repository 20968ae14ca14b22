import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from '@jest/globals';
import { software } from '../../src/config/software.js';

/**
 * The client API's contract: a JSON Schema for each entity (test/fixtures/mastodon-schemas). Members that are younger
 * than the version we claim (`x-since`) may be missing; times and ids are held to the strict form that clients need.
 */

interface Schema {
  $id?: string;
  properties?: Record<string, Schema & { 'x-since'?: string; 'x-id'?: boolean }>;
  required?: string[];
  format?: string;
  pattern?: string;
  [key: string]: unknown;
}

const folder = new URL('../fixtures/mastodon-schemas/', import.meta.url);
const base = 'https://contract.invalid/mastodon/';

const versionOf = (text: string): number => {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  return major * 1000 + minor;
};
const claimed = versionOf(software.mastodonVersion);

/** Takes younger members out of `required`, and makes times and ids strict, at any depth. */
function adapt(schema: unknown): void {
  if (Array.isArray(schema)) return schema.forEach(adapt);
  if (typeof schema !== 'object' || schema === null) return;
  const s = schema as Schema;
  const properties = s.properties ?? {};
  if (Array.isArray(s.required)) {
    s.required = s.required.filter((name) => versionOf(properties[name]?.['x-since'] ?? '0') <= claimed);
  }
  if (s.format === 'date-time') s.pattern = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$';
  if (s['x-id'] === true && s.pattern === undefined) s.pattern = '^-?\\d+$';
  Object.values(s).forEach(adapt);
}

function load(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  // The package's types are CommonJS: its default export is the function itself.
  (addFormats as unknown as (a: Ajv2020) => void)(ajv);
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.json'))) {
    const schema = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Schema;
    adapt(schema);
    ajv.addSchema(schema);
  }
  return ajv;
}

const ajv = load();

function validator(name: string): ValidateFunction {
  const validate = ajv.getSchema(`${base}${name.replaceAll('::', '_')}.json`);
  if (!validate) throw new Error(`The contract has no entity ${name}`);
  return validate;
}

/** Fails with what is wrong where `json` is not the entity, e.g. `expectEntity(res.body, 'Status')`. */
export function expectEntity(json: unknown, name: string): void {
  const validate = validator(name);
  validate(json);
  const errors = (validate.errors ?? []).map(
    (e) => `${e.instancePath} ${e.message ?? ''} ${JSON.stringify(e.params)}`,
  );
  expect({ entity: name, errors }).toEqual({ entity: name, errors: [] });
}

/** A list of at least `atLeast` entities: an empty list would prove nothing. */
export function expectEntities(json: unknown, name: string, atLeast = 1): void {
  expect(Array.isArray(json)).toBe(true);
  const list = json as unknown[];
  expect(list.length).toBeGreaterThanOrEqual(atLeast);
  for (const item of list) expectEntity(item, name);
}

/** One endpoint of the contract. */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  also_methods?: ('PUT' | 'PATCH')[];
  path: string;
  group: string;
  tier: string;
  auth: 'public' | 'user-optional' | 'user' | 'app' | 'admin';
  scopes: string[];
  removed: boolean;
  deprecated?: boolean;
  returns_kind?: string;
  responses?: number[];
  pagination?: { style: string; next: string; prev: string } | null;
  params?: { name: string; in: string; required?: boolean; default?: unknown; maximum?: number }[];
  returns_schema?: Schema;
}

const endpointsFile = new URL('../fixtures/mastodon-endpoints.json', import.meta.url);
export const endpoints = JSON.parse(readFileSync(endpointsFile, 'utf8')) as Endpoint[];

/** Groups and paths that do not exist here yet: clients get 404 and fall back. */
const absentGroups = new Set(['annual_reports', 'collections', 'async_refreshes', 'proofs']);
const absentPaths = new Set(['/api/v1/donation_campaigns', '/api/v1/accounts/:id/identity_proofs']);

export function isAbsent(e: Endpoint): boolean {
  return absentGroups.has(e.group) || absentPaths.has(e.path) || e.removed;
}

const validators = new Map<Endpoint, ValidateFunction>();

function validatorOf(endpoint: Endpoint): ValidateFunction | null {
  const known = validators.get(endpoint);
  if (known || !endpoint.returns_schema) return known ?? null;
  const text = JSON.stringify(endpoint.returns_schema).replaceAll('schemas/', base);
  const validate = ajv.compile(JSON.parse(text) as object);
  validators.set(endpoint, validate);
  return validate;
}

const patterns = endpoints.map((e) => ({
  endpoint: e,
  methods: new Set<string>([e.method, ...(e.also_methods ?? [])]),
  pattern: new RegExp(`^${e.path.replace(/:[a-z_]+/g, '[^/]+')}$`),
  fixed: e.path.replace(/:[a-z_]+/g, '').length,
}));

/** The endpoint of a request; of several, the one with the most fixed parts. */
export function endpointOf(method: string, path: string): Endpoint | null {
  const found = patterns.filter((p) => p.methods.has(method) && p.pattern.test(path));
  return found.sort((a, b) => b.fixed - a.fixed)[0]?.endpoint ?? null;
}

/** Holds a good answer to what the contract says of its endpoint. */
export function expectByContract(method: string, path: string, json: unknown): void {
  const endpoint = endpointOf(method, path);
  const validate = endpoint && validatorOf(endpoint);
  if (!endpoint || !validate) return;
  validate(json);
  const errors = (validate.errors ?? []).map(
    (e) => `${e.instancePath} ${e.message ?? ''} ${JSON.stringify(e.params)}`,
  );
  expect({ endpoint: `${endpoint.method} ${endpoint.path}`, errors }).toEqual({
    endpoint: `${endpoint.method} ${endpoint.path}`,
    errors: [],
  });
}

export const nameOf = (e: Pick<Endpoint, 'method' | 'path'>): string => `${e.method} ${e.path}`;
