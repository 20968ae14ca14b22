import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';

/** A kind of database for whole instances. */
export interface InstanceEngine {
  name: string;
  /** A fresh database. */
  url(): string;
  /** Removes it, after the instance was closed. */
  drop(url: string): Promise<void>;
}

const mongoUrl = process.env['LANDFALL_TEST_MONGODB_URL'] ?? '';

const embedded: InstanceEngine = {
  name: 'embedded',
  url: () => 'embedded:memory',
  drop: async () => undefined,
};

const mongo: InstanceEngine = {
  name: 'MongoDB',
  url: () => {
    const url = new URL(mongoUrl);
    url.pathname = `/landfall_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    return url.href;
  },
  drop: async (url) => {
    const client = new MongoClient(url);
    await client.db().dropDatabase();
    await client.close();
  },
};

/** The embedded engine, and whatever LANDFALL_TEST_MONGODB_URL names. */
export const instanceEngines: InstanceEngine[] = mongoUrl === '' ? [embedded] : [embedded, mongo];
