import type { RequestHandler } from 'express';
import { apiRoutes } from './api/routes.js';
import type { Ctx } from './domain/ctx.js';
import { createKeyResolver } from './domain/remote/keys.js';
import { activityPubRoutes, type Pages } from './http/activitypub/routes.js';
import { mediaRoutes } from './http/media.js';
import { under } from './http/only.js';
import { oauthRoutes } from './oauth/routes.js';
import { sseRoutes } from './streaming/sse.js';
import type { Switchboard } from './streaming/switchboard.js';
import { assetRoutes } from './web/assets.js';
import { messagePage } from './web/layout.js';
import { frontPage } from './web/pages/front.js';
import { profilePage } from './web/pages/profile.js';
import { statusPage } from './web/pages/status.js';
import { tagPage } from './web/pages/tag.js';
import { textPage } from './web/pages/text.js';

/**
 * Every route of the server, in the order in which they are tried. What is asked for most comes first: each path that is
 * tried costs time.
 */
export function allRouters(ctx: Ctx, switchboard: Switchboard): RequestHandler[] {
  const api = apiRoutes(ctx);
  return [
    under(['/api'], sseRoutes(ctx, switchboard), api),
    activityPubRoutes(ctx, { keys: createKeyResolver(ctx), pages: pagesOf(ctx) }),
    oauthRoutes(ctx),
    assetRoutes(),
    mediaRoutes(ctx),
    // Its few routes elsewhere.
    api,
  ];
}

function pagesOf(ctx: Ctx): Pages {
  return ctx.settings.limitedFederation ? closedPages(ctx) : openPages(ctx);
}

/** Where federation is limited, pages show nothing of what people say (see api/limited.ts). */
function closedPages(ctx: Ctx): Pages {
  const text = 'What people say here is shown to those who sign in.';
  const closed = async (): Promise<string> => messagePage(ctx, { title: 'For members', text });
  return { ...openPages(ctx), profile: closed, status: closed, tag: closed };
}

function openPages(ctx: Ctx): Pages {
  return {
    front: () => frontPage(ctx),
    text: (which) => textPage(ctx, which),
    profile: (account, query) => profilePage(ctx, account, query),
    status: (status) => statusPage(ctx, status),
    tag: (tag, query) => tagPage(ctx, tag, query),
  };
}
