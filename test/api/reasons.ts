/** What of the contract is not tried, and why. Everything else is, or a test fails. */

/** Endpoints that are not called. */
export const notCalled: Record<string, string> = {
  'POST /api/v1/statuses/:id/translate': 'no translation service: it answers the documented 404',
};

const open =
  'open to anybody here; Mastodon asks for a token only where it is told to keep its pages to members';
const members =
  'as Mastodon’s code: 422 “This method requires an authenticated user” where timelines are for members (errors.test.ts)';
const suspended =
  'as Mastodon’s code: a suspended account is shown as such, with nothing in it (errors.test.ts)';

/** Answers that the contract documents and that cannot come here, e.g. `404 GET /api/v1/timelines/tag/:hashtag`. */
export const notProvoked: Record<string, string> = {
  '206 GET /api/v1/timelines/home': 'a home timeline is never rebuilt while it is read',
  '301 GET /api/v1/streaming': 'streams are served by the same host',
  '404 GET /api/v1/timelines/tag/:hashtag': 'as Mastodon’s code: an unknown hashtag is an empty list',
  '404 POST /api/v2/filters': 'there is nothing in its parameters that could be missing',
  '404 GET /api/v1/instance/domain_blocks': 'shown to anybody here',
  '404 DELETE /api/v1/announcements/:id/reactions/:name':
    'as Mastodon: taking back what is not there is no error',
  '409 POST /api/v1/markers': 'markers are set in one step: there is no conflict, the later one counts',
  '410 GET /api/v1/accounts/:id': suspended,
  '410 GET /api/v1/accounts/:id/followers': suspended,
  '410 GET /api/v1/accounts/:id/following': suspended,
  '410 GET /api/v1/accounts/:id/lists': suspended,
  '410 GET /api/v1/accounts/:id/statuses': suspended,
  '422 DELETE /api/v1/announcements/:id/reactions/:name': 'taking back what is not there is no error',
  '500 POST /api/v1/accounts/:id/endorse': 'a fault of Mastodon when an account is endorsed twice',
  '500 POST /api/v1/accounts/:id/pin': 'a fault of Mastodon when an account is endorsed twice',
  '500 POST /api/v1/admin/canonical_email_blocks/test':
    'a fault of Mastodon when the address is missing: 400 here',
  '500 POST /api/v2/media': 'a fault of Mastodon’s media processing: refused files are 422 here',
  '503 GET /api/v1/accounts/search': 'whoever cannot be fetched is not found',
  '503 POST /api/v1/statuses/:id/translate': 'no translation service',
  '403 POST /api/v1/statuses/:id/translate': 'no translation service',
  '401 GET /api/v1/accounts/:id': open,
  '401 GET /api/v1/accounts': open,
  '401 GET /api/v1/accounts/:id/endorsements': open,
  '401 GET /api/v1/accounts/:id/followers': open,
  '401 GET /api/v1/accounts/:id/following': open,
  '401 GET /api/v1/accounts/:id/statuses': open,
  '401 GET /api/v1/instance/activity': open,
  '401 GET /api/v1/instance/peers': open,
  '401 GET /api/v1/instance/domain_blocks': open,
  '401 GET /api/v1/statuses': open,
  '401 GET /api/v1/statuses/:id': open,
  '401 GET /api/v1/timelines/link': members,
  '401 GET /api/v1/timelines/public': members,
  '401 GET /api/v1/timelines/tag/:hashtag': members,
};

/** Answers that other tests hold. */
export const heldElsewhere: Record<string, string> = {
  '101 GET /api/v1/streaming': 'test/streaming/websocket.test.ts',
  '401 GET /api/v1/streaming': 'test/streaming/websocket.test.ts',
  '202 POST /api/v2/media': 'media.test.ts (with ffmpeg)',
  '206 GET /api/v1/media/:id': 'media.test.ts (with ffmpeg)',
  '422 GET /api/v1/media/:id': 'media.test.ts (with ffmpeg)',
};
