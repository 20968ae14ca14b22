import { count, flag, spec } from './spec.js';

/** The settings that bound what others may cost us; a part of the one table (settings.ts). Defaults are safe. */
export const limitSettings = {
  newActorsPerHost: spec(
    'LANDFALL_NEW_ACTORS_PER_HOST',
    count(1, 1_000_000),
    600,
    'Unknown actors of one host that are looked up in a minute; the rest is told to come back.',
  ),
  newHostsPerDomain: spec(
    'LANDFALL_NEW_HOSTS_PER_DOMAIN',
    count(1, 1_000_000),
    10,
    'Hosts of one registrable domain that are met for the first time in a minute.',
  ),
  unattachedUploads: spec(
    'LANDFALL_UNATTACHED_UPLOADS',
    count(1, 1_000_000),
    100,
    'Files that one account may have uploaded within a day without attaching them to a post.',
  ),
  mediaSeconds: spec(
    'LANDFALL_MEDIA_SECONDS',
    count(1, 3600),
    60,
    'How long one file may occupy a decoder; then it is refused.',
  ),
  mediaConcurrency: spec(
    'LANDFALL_MEDIA_CONCURRENCY',
    count(1, 64),
    2,
    'Uploads processed at once; others wait for their turn.',
  ),
  imageProcess: spec(
    'LANDFALL_IMAGE_PROCESS',
    flag,
    true,
    'Decode pictures in processes of their own, so that a file which breaks a decoder ends none of the server.',
  ),
  imageProcessBytes: spec(
    'LANDFALL_IMAGE_PROCESS_BYTES',
    count(64 << 20, 2 ** 40),
    1024 * 1024 * 1024,
    'Memory of one such process, bytes; what needs more is refused.',
  ),
  streamsPerAccount: spec(
    'LANDFALL_STREAMS_PER_ACCOUNT',
    count(1, 10_000),
    50,
    'Streaming connections of one account at once, by each process.',
  ),
} as const;
