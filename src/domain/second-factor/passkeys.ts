import { isIP } from 'node:net';
import type { Passkey } from '../../model/access.js';
import type { Account, User } from '../../model/account.js';
import { isDuplicateKey } from '../../store/port.js';
import { now, type Ctx } from '../ctx.js';
import { requestMail } from '../mail/request.js';
import { findFactors, tidyFactors } from './factors.js';
import { claimPasskeyChallenge, issuePasskeyChallenge, type ChallengeFor } from './passkey-challenges.js';
import { parseAssertion, parseRegistration } from './passkey-responses.js';
import { renewRecoveryCodes } from './recovery.js';

/**
 * Passkeys as second factor (WebAuthn Level 3). The library checks the ceremonies (sections 7.1 and 7.2); ours are the
 * challenge, the owner, the counter and the names. A passkey belongs to the host name it was made for.
 */

/** ES256, EdDSA, RS256. */
const algorithms = [-7, -8, -257];
const mostPasskeys = 20;
const longestName = 50;

/** The relying party: the host of the configured URL. Null where browsers know no passkeys: addresses are no names. */
export function relyingPartyOf(ctx: Ctx): string | null {
  const { hostname } = new URL(ctx.names.origin);
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : null;
}

/** Those of somebody's passkeys that work under the present name of the server. */
export function usablePasskeys(ctx: Ctx, passkeys: readonly Passkey[]): Passkey[] {
  const rpId = relyingPartyOf(ctx);
  return passkeys.filter((passkey) => passkey.rpId === rpId);
}

/** Loaded when it is first needed: it is large, and few requests come here. */
const ceremonies = () => import('@simplewebauthn/server');

const idsOf = (passkeys: readonly Passkey[]) =>
  passkeys.map(({ credentialId, transports }) => ({ id: credentialId, transports }));

/** Options of `navigator.credentials.create` as JSON; null where there can be no (further) passkey. */
export async function beginPasskey(
  ctx: Ctx,
  { user, account, sessionId }: { user: User; account: Account; sessionId: string },
): Promise<string | null> {
  const rpID = relyingPartyOf(ctx);
  const known = (await findFactors(ctx, user._id))?.passkeys ?? [];
  if (rpID === null || known.length >= mostPasskeys) return null;
  const place = { userId: user._id, purpose: 'enrol', browser: sessionId } as const;
  const { generateRegistrationOptions } = await ceremonies();
  const options = await generateRegistrationOptions({
    rpName: ctx.names.handleDomain,
    rpID,
    userName: `${account.username}@${ctx.names.handleDomain}`,
    userDisplayName: account.displayName || account.username,
    userID: Buffer.from(user._id, 'utf8'),
    challenge: Buffer.from(await issuePasskeyChallenge(ctx, place), 'base64url'),
    attestationType: 'none',
    excludeCredentials: idsOf(known),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  });
  return JSON.stringify(options);
}

export interface NewPasskey {
  user: User;
  sessionId: string;
  /** What the browser made, as JSON. */
  response: string;
  name: string;
}

/**
 * Takes a passkey that was just made. @returns recovery codes where it is the first factor (shown this once), else none;
 * null when it cannot be taken
 */
export async function addPasskey(ctx: Ctx, input: NewPasskey): Promise<string[] | null> {
  const userId = input.user._id;
  const made = await checkRegistration(ctx, input);
  const factors = await findFactors(ctx, userId);
  if (!made || (factors?.passkeys.length ?? 0) >= mostPasskeys) return null;
  const name = input.name.trim().replace(/\s+/g, ' ').slice(0, longestName) || 'Passkey';
  const fresh = { _id: ctx.ids.next(), userId, name, createdAt: now(ctx), lastUsedAt: null };
  try {
    await ctx.db.passkeys.insertOne({ ...fresh, ...made });
  } catch (error) {
    if (isDuplicateKey(error)) return null;
    throw error;
  }
  await requestMail(ctx, { mail: 'passkey-added', userId });
  return factors && factors.recoveryCodes > 0 ? [] : renewRecoveryCodes(ctx, userId);
}

type Made = Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'transports' | 'rpId'>;

async function checkRegistration(ctx: Ctx, { user, sessionId, response }: NewPasskey): Promise<Made | null> {
  const place = { userId: user._id, purpose: 'enrol', browser: sessionId } as const;
  const [expectedChallenge, rpId] = [await claimPasskeyChallenge(ctx, place), relyingPartyOf(ctx)];
  const parsed = await parseRegistration(response);
  if (expectedChallenge === null || rpId === null || !parsed) return null;
  const { verifyRegistrationResponse } = await ceremonies();
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: parsed,
    expectedChallenge,
    expectedOrigin: ctx.names.origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch(() => ({ verified: false, registrationInfo: undefined }));
  if (!verified || !registrationInfo) return null;
  const { id, publicKey, counter } = registrationInfo.credential;
  return {
    credentialId: id,
    publicKey: Buffer.from(publicKey).toString('base64url'),
    counter,
    transports: (parsed.response.transports ?? []).slice(0, 10),
    rpId,
  };
}

/** Takes one of somebody's passkeys away. False where it is none of theirs. */
export async function removePasskey(ctx: Ctx, userId: string, passkeyId: string): Promise<boolean> {
  const { deletedCount } = await ctx.db.passkeys.deleteOne({ _id: passkeyId, userId });
  if (deletedCount === 0) return false;
  await tidyFactors(ctx, userId);
  await requestMail(ctx, { mail: 'passkey-removed', userId });
  return true;
}

/** Options of `navigator.credentials.get` as JSON; null where none of somebody's passkeys works here. */
export async function askForPasskey(ctx: Ctx, place: ChallengeFor): Promise<string | null> {
  const rpID = relyingPartyOf(ctx);
  const usable = usablePasskeys(ctx, (await findFactors(ctx, place.userId))?.passkeys ?? []);
  if (rpID === null || !usable.length) return null;
  const { generateAuthenticationOptions } = await ceremonies();
  const options = await generateAuthenticationOptions({
    rpID,
    challenge: Buffer.from(await issuePasskeyChallenge(ctx, place), 'base64url'),
    allowCredentials: idsOf(usable),
    userVerification: 'required',
  });
  return JSON.stringify(options);
}

/** Whether a passkey of this person signed the challenge of this place. The challenge is used up either way. */
export async function usePasskey(ctx: Ctx, place: ChallengeFor, response: string): Promise<boolean> {
  const { userId } = place;
  const expectedChallenge = await claimPasskeyChallenge(ctx, place);
  const parsed = parseAssertion(response, userId);
  const passkey = parsed && (await ctx.db.passkeys.findOne({ credentialId: parsed.id, userId }));
  if (expectedChallenge === null || !passkey || passkey.rpId !== relyingPartyOf(ctx)) return false;
  const { credentialId: id, counter, publicKey } = passkey;
  const { verifyAuthenticationResponse } = await ceremonies();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: parsed,
    expectedChallenge,
    expectedOrigin: ctx.names.origin,
    expectedRPID: passkey.rpId,
    requireUserVerification: true,
    credential: { id, counter, publicKey: Buffer.from(publicKey, 'base64url') },
  }).catch(() => ({ verified: false, authenticationInfo: undefined }));
  if (!verified || !authenticationInfo) return false;
  // Of two signatures that were made after the same one, by the passkey and by a copy of it, one is taken.
  const { matchedCount } = await ctx.db.passkeys.updateOne(
    { _id: passkey._id, counter },
    { $set: { counter: authenticationInfo.newCounter, lastUsedAt: now(ctx) } },
  );
  return matchedCount === 1;
}
