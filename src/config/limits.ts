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
  requestBytes: spec(
    'LANDFALL_REQUEST_BYTES',
    count(1024, 64 << 20),
    1024 * 1024,
    'Largest JSON or form body of the client API, bytes; files have limits of their own.',
  ),
  documentBytes: spec(
    'LANDFALL_DOCUMENT_BYTES',
    count(1024, 64 << 20),
    1024 * 1024,
    'Largest document that is read from another server, bytes.',
  ),
  documentDepth: spec(
    'LANDFALL_DOCUMENT_DEPTH',
    count(8, 1000),
    32,
    'Nesting of a JSON document of another server.',
  ),
  documentNodes: spec(
    'LANDFALL_DOCUMENT_NODES',
    count(100, 10_000_000),
    100_000,
    'Members and items of a JSON document of another server, all levels together.',
  ),
  activityNodes: spec(
    'LANDFALL_ACTIVITY_NODES',
    count(100, 10_000_000),
    20_000,
    'The same for an activity at an inbox.',
  ),
  fetchRedirects: spec(
    'LANDFALL_FETCH_REDIRECTS',
    count(0, 10),
    3,
    'Redirects that are followed to a document of another server.',
  ),
  fetchSeconds: spec(
    'LANDFALL_FETCH_SECONDS',
    count(1, 600),
    30,
    'How long a request to another server may take in all where nothing shorter is said.',
  ),
  headerSeconds: spec(
    'LANDFALL_HEADER_SECONDS',
    count(1, 600),
    15,
    'How long a client may take to send the headers of a request.',
  ),
  requestSeconds: spec(
    'LANDFALL_REQUEST_SECONDS',
    count(10, 86_400),
    300,
    'How long a client may take to send a whole request, uploads too.',
  ),
  inboxShare: spec(
    'LANDFALL_INBOX_SHARE',
    count(1, 100),
    25,
    'Of the activities that may wait (LANDFALL_INBOX_BACKLOG), the part that one host may hold, in per cent.',
  ),
  requestsPerToken: spec(
    'LANDFALL_REQUESTS_PER_TOKEN',
    count(1, 1_000_000),
    300,
    'Client API requests with one token in five minutes.',
  ),
  requestsPerAccount: spec(
    'LANDFALL_REQUESTS_PER_ACCOUNT',
    count(1, 1_000_000),
    1500,
    'Client API requests of one account in five minutes.',
  ),
  requestsPerAddress: spec(
    'LANDFALL_REQUESTS_PER_ADDRESS',
    count(1, 1_000_000),
    300,
    'Client API requests without a token from one address (IPv6: /64) in five minutes.',
  ),
  uploadsPerAccount: spec(
    'LANDFALL_UPLOADS_PER_ACCOUNT',
    count(1, 1_000_000),
    30,
    'Uploads of one account in half an hour.',
  ),
  streamsPerAddress: spec(
    'LANDFALL_STREAMS_PER_ADDRESS',
    count(1, 100_000),
    512,
    'Streaming connections from one client address at once, by each process.',
  ),
} as const;
