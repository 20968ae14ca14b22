const ACTIVITY_STREAMS = 'https://www.w3.org/ns/activitystreams';

/**
 * Is this a media type an inbox takes? `application/activity+json`; `application/ld+json`, with the ActivityStreams
 * profile or none; and `application/json`, which a few small senders use. The signature and not the media type says who
 * speaks here; that is different for fetched documents, where a wrong type means an upload posing as an actor.
 */
export function isActivityMediaType(contentType: string | null): boolean {
  if (contentType === null || contentType.length > 512) return false;
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  switch (type.toLowerCase()) {
    case 'application/activity+json':
    case 'application/json':
      return true;
    case 'application/ld+json':
      return parameters.every(isAcceptable);
    default:
      return false;
  }
}

function isAcceptable(parameter: string): boolean {
  if (!/^profile=/i.test(parameter)) return true;
  const profiles = parameter.slice('profile='.length).replaceAll('"', '').split(' ');
  return profiles.includes(ACTIVITY_STREAMS);
}
