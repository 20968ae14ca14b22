/**
 * What is used of undici. Its index loads its `fetch` and all that belongs to one, which in turn makes Node load its own copy:
 * 9 MB of memory for nothing.
 */
export { default as buildConnector } from 'undici/lib/core/connect.js';
export { default as Pool } from 'undici/lib/dispatcher/pool.js';
