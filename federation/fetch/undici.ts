/**
 * What is used of undici. Its index loads its `fetch` and all that belongs to one, which in turn makes Node load its own copy:
 * 18 MB of memory for nothing. The index also makes `request` a method of pools; here it is called with one.
 */
export { default as request } from 'undici/lib/api/api-request.js';
export { default as buildConnector } from 'undici/lib/core/connect.js';
export { default as Pool } from 'undici/lib/dispatcher/pool.js';
