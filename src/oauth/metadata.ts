import type { Ctx } from '../domain/ctx.js';
import { knownScopes } from '../policy/scopes.js';

/** `/.well-known/oauth-authorization-server` (RFC 8414). Clients use PKCE only when S256 is named here. */
export function serverMetadata(ctx: Ctx): Record<string, unknown> {
  const at = (path: string): string => `${ctx.settings.url}${path}`;
  return {
    issuer: ctx.settings.url,
    service_documentation: at('/about'),
    authorization_endpoint: at('/oauth/authorize'),
    token_endpoint: at('/oauth/token'),
    app_registration_endpoint: at('/api/v1/apps'),
    revocation_endpoint: at('/oauth/revoke'),
    userinfo_endpoint: at('/oauth/userinfo'),
    scopes_supported: knownScopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
  };
}
